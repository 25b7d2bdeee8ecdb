/**
 * Racks: how evenly replicas can be spread over them, and what share of the load that forces upon
 * each. "As even as possible" is meant literally: no replica could change to a rack that holds two
 * fewer. Pure.
 */

/** Fewest and most replicas of a partition on each rack, spread evenly over brokers per rack. */
export function rackRange(factor: number, brokers: ArrayLike<number>) {
  let level = 0;
  const filled = (to: number) => {
    let sum = 0;
    for (let k = 0; k < brokers.length; k++) sum += Math.min(brokers[k]!, to);
    return sum;
  };
  const total = filled(factor);
  const wanted = Math.min(factor, total);
  while (level < factor && filled(level + 1) <= wanted) level += 1;
  const rest = wanted - filled(level);
  const count = brokers.length;
  const least = Array.from({ length: count }, (_, k) => Math.min(brokers[k]!, level));
  const most = least.map((n, k) => (rest > 0 && brokers[k]! > level ? n + 1 : n));
  return { least, most };
}

/**
 * Shares of `total` over racks, as near to their weights as the bounds allow: λ × weight within
 * [least, most], with the λ at which the shares add up.
 */
export function sharesWithin(
  total: number,
  weight: ArrayLike<number>,
  least: ArrayLike<number>,
  most: ArrayLike<number>,
): number[] {
  const at = (level: number) =>
    Array.from({ length: weight.length }, (_, k) =>
      Math.min(most[k]!, Math.max(least[k]!, level * weight[k]!)),
    );
  const sum = (values: number[]) => values.reduce((all, x) => all + x, 0);
  const weights = sum(Array.from(weight));
  if (weights === 0 || total === 0) return Array.from(weight, () => 0);
  let low = 0;
  let high = total / Math.min(...Array.from(weight).filter((w) => w > 0));
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  return at(high);
}
