/**
 * The peers' figures, measured on a machine of the same kind (docs/reference/planner.md says how).
 */

export interface PeerRow {
  cpuS: number;
  ratio: number;
  leadershipOnly: number;
  disk: number;
  networkIn: number;
  networkOut: number;
  leaders: number;
  moves: number;
}

const row = (
  cpuS: number,
  ratio: number,
  leadershipOnly: number,
  [disk, networkIn, networkOut, leaders]: [number, number, number, number],
  moves: number,
): PeerRow => ({ cpuS, ratio, leadershipOnly, disk, networkIn, networkOut, leaders, moves });

/** Cruise Control, cold thread CPU, default goals; by `<brokers> <scenario>`. */
export const cruiseControl: Record<string, PeerRow> = {
  '10 dead': row(0.22, 1, 1, [1.08, 1.07, 1.05, 1.12], 294),
  '50 dead': row(1.8, 1, 16, [1.09, 1.09, 1.11, 1.2], 570),
  '100 dead': row(3.3, 1, 53, [1.1, 1.08, 1.1, 1.11], 548),
  '300 dead': row(18, 1, 659, [1.25, 1.21, 1.1, 1.12], 592),
  '1000 dead': row(219, 1, 2442, [1.26, 1.19, 1.12, 1.19], 632),
  '10 skew': row(0.28, 1.13, 19, [1.05, 1.08, 1.08, 1.1], 418),
  '50 skew': row(4, 1.18, 33, [1.06, 1.09, 1.09, 1.09], 5042),
  '100 skew': row(12.3, 1.24, 162, [1.07, 1.09, 1.09, 1.14], 10343),
  '300 skew': row(42.6, 1.22, 506, [1.09, 1.09, 1.09, 1.17], 30733),
  '1000 skew': row(223, 1.15, 1941, [1.09, 1.09, 1.09, 1.17], 99446),
  '10 add': row(0.36, 1.01, 0, [1.02, 1.04, 1.12, 1.11], 293),
  '50 add': row(2.4, 1.16, 0, [1.09, 1.02, 1.09, 1.14], 2855),
  '100 add': row(5.2, 1.15, 0, [1.08, 1.02, 1.14, 1.13], 5648),
  '300 add': row(21.8, 1.14, 0, [1.08, 1.02, 1.25, 1.12], 16987),
  '1000 add': row(183, 1.17, 2, [1.09, 1.06, 1.19, 1.18], 56666),
};
