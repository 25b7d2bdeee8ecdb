/** Long lists cut into slices that fit: into a request, into a payload. Pure. */

/** What a slice may hold: the sum of `of` over its items stays at or below `most`. */
export interface Limit<T> {
  of: (item: T) => number;
  most: number;
}

/** Slices in order, each as long as its limits allow; an item too large for them stands alone. */
export function slicesOf<T>(items: readonly T[], limits: readonly Limit<T>[]): T[][] {
  const slices: T[][] = [];
  let used = limits.map(() => 0);
  for (const item of items) {
    const sizes = limits.map(({ of }) => of(item));
    const last = slices.at(-1);
    const fits = limits.every(({ most }, i) => (used[i] ?? 0) + (sizes[i] ?? 0) <= most);
    if (last && fits) last.push(item);
    else slices.push([item]);
    used = last && fits ? used.map((sum, i) => sum + (sizes[i] ?? 0)) : sizes;
  }
  return slices;
}

/** Length of a value as JSON, near enough to its bytes in a payload. */
export const jsonLength = (value: unknown): number => JSON.stringify(value).length;
