/** Compares brokers' loads before and after some tries: is anyone pushed over a limit? Pure. */
import type { Model } from './model.ts';
import { kinds } from './resources.ts';

export class Guard {
  private readonly model: Model;
  private readonly brokers: number[];
  private readonly loads: Float64Array[];

  constructor(model: Model, brokers: Iterable<number>) {
    this.model = model;
    this.brokers = [...brokers];
    this.loads = this.brokers.map((b) => model.load.slice(b * kinds, (b + 1) * kinds));
  }

  /** Is a broker over a limit now, and by more than it was? */
  isPushed(): boolean {
    const { limit, load } = this.model;
    return this.brokers.some((b, i) => {
      for (let r = 0; r < kinds; r++) {
        const most = limit[b * kinds + r]! * (1 + 1e-12);
        const was = this.loads[i]![r]!;
        if (load[b * kinds + r]! > Math.max(most, was + 1e-9 * was)) return true;
      }
      return false;
    });
  }
}
