/**
 * A simulated execution of copies at a throttle: bandwidth is shared max-min fairly between the
 * copies into and out of every broker, from event to event. The plain way, in rounds of filling
 * the tightest link first. Pure.
 */

interface Copy {
  from: number;
  to: number;
  bytes: number;
}

/** Seconds until all copies are done. */
export function secondsOf(copies: Copy[], throttleBytesPerS: number): number {
  let running = copies.filter((c) => c.bytes > 0).map((c) => ({ ...c, left: c.bytes }));
  let seconds = 0;
  while (running.length > 0) {
    const rates = fairRates(running, throttleBytesPerS);
    const until = running.reduce(
      (t, c, i) => Math.min(t, c.left / rates[i]!),
      Number.POSITIVE_INFINITY,
    );
    // Copies that end within a percent of one another end together.
    const step = until * 1.01;
    seconds += until;
    for (const [i, c] of running.entries()) c.left -= rates[i]! * until;
    running = running.filter((c, i) => c.left > rates[i]! * (step - until));
  }
  return seconds;
}

function fairRates(copies: Copy[], throttle: number): number[] {
  const rates = copies.map(() => 0);
  const links = new Map<string, { left: number; open: Set<number> }>();
  const link = (name: string) => {
    const known = links.get(name) ?? { left: throttle, open: new Set<number>() };
    links.set(name, known);
    return known;
  };
  for (const [i, { from, to }] of copies.entries()) {
    link(`out ${from}`).open.add(i);
    link(`in ${to}`).open.add(i);
  }
  for (let fixed = 0; fixed < copies.length; ) {
    let tight: { left: number; open: Set<number> } | undefined;
    for (const l of links.values()) {
      if (l.open.size === 0) continue;
      if (!tight || l.left / l.open.size < tight.left / tight.open.size) tight = l;
    }
    if (!tight) break;
    const share = tight.left / tight.open.size;
    for (const i of [...tight.open]) {
      rates[i] = share;
      fixed += 1;
      for (const l of [link(`out ${copies[i]!.from}`), link(`in ${copies[i]!.to}`)]) {
        l.open.delete(i);
        l.left = Math.max(0, l.left - share);
      }
    }
  }
  return rates.map((rate) => Math.max(rate, throttle * 1e-6));
}
