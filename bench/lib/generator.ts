/**
 * Seeded synthetic clusters for the planner's benchmark, written from the specification in the
 * docstring of the original generator: only + − × ÷ and floor, so that the bytes are the same.
 */

export interface Request {
  brokers: number;
  racks: number;
  partitions: number;
  topics?: number;
  rf?: number;
  seed?: number;
  scenario: 'dead' | 'skew' | 'add';
}

const capacity = { diskMB: 8000000, networkInKBps: 250000, networkOutKBps: 250000, cpuPct: 100 };
const fanouts = [1, 1, 1, 2, 2, 3, 4];
const hours = [12, 24, 24, 48, 72, 168];

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1) >>> 0;
    t = (t ^ (t + Math.imul(t ^ (t >>> 7), t | 61))) >>> 0;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const stream = (seed: number, k: number) => mulberry32((seed + 1000003 * k) % 2 ** 32);
const r3 = (x: number): number => Math.floor(x * 1000 + 0.5) / 1000;

interface Topic {
  count: number;
  pop: number;
  fanout: number;
  hours: number;
}

function topicShapes(topics: number, partitions: number, seed: number): Topic[] {
  const u = stream(seed, 1);
  const weights: number[] = [];
  const shapes: Topic[] = [];
  for (let t = 0; t < topics; t++) {
    weights.push(1 / (0.05 + u()));
    const pop = 1 / (0.1 + u());
    const fanout = fanouts[Math.floor(u() * fanouts.length)]!;
    shapes.push({ count: 0, pop, fanout, hours: hours[Math.floor(u() * hours.length)]! });
  }
  const total = weights.reduce((sum, w) => sum + w, 0);
  let have = 0;
  for (const [t, shape] of shapes.entries()) {
    shape.count = Math.max(1, Math.floor((partitions * weights[t]!) / total));
    have += shape.count;
  }
  for (let i = 0; have < partitions; i++, have++) shapes[i % topics]!.count += 1;
  for (let i = topics - 1; have > partitions; i = i > 0 ? i - 1 : topics - 1) {
    if (shapes[i]!.count > 1) {
      shapes[i]!.count -= 1;
      have -= 1;
    }
  }
  return shapes;
}

interface Row {
  topic: number;
  partition: number;
  size: number;
  inflow: number;
  out: number;
  cpu: number;
}

function loads(topics: Topic[], brokers: number, rf: number, seed: number): Row[] {
  const u = stream(seed, 2);
  const rows: Row[] = [];
  for (const [topic, shape] of topics.entries()) {
    for (let partition = 0; partition < shape.count; partition++) {
      let f = 0.7 + 0.6 * u();
      if (u() < 0.02) f = f * 2;
      const inflow = shape.pop * f;
      const size = inflow * shape.hours;
      rows.push({ topic, partition, size, inflow, out: inflow * shape.fanout, cpu: 0 });
    }
  }
  scale(rows, brokers, rf);
  return rows;
}

function scale(rows: Row[], brokers: number, rf: number): void {
  let sumSize = 0;
  let sumIn = 0;
  for (const r of rows) {
    sumSize += r.size;
    sumIn += r.inflow;
  }
  const kSize = (0.45 * brokers * capacity.diskMB) / (rf * sumSize);
  const kIn = (0.15 * brokers * capacity.networkInKBps) / (rf * sumIn);
  let sumCpu = 0;
  for (const r of rows) {
    r.size = r.size * kSize;
    r.inflow = r.inflow * kIn;
    r.out = r.out * kIn;
    r.cpu = 0.7 * r.inflow + 0.15 * (r.out + (rf - 1) * r.inflow);
    sumCpu += r.cpu + (rf - 1) * 0.15 * r.inflow;
  }
  const kCpu = (0.35 * brokers * capacity.cpuPct) / sumCpu;
  for (const r of rows) {
    r.cpu = r3(r.cpu * kCpu);
    r.size = r3(r.size);
    r.inflow = r3(r.inflow);
    r.out = r3(r.out);
  }
}

function placeEven(
  topics: Topic[],
  n: number,
  racks: number,
  rf: number,
  seed: number,
): number[][] {
  const u = stream(seed, 3);
  const out: number[][] = [];
  for (const { count } of topics) {
    const start = Math.floor(u() * n);
    let shift = Math.floor(u() * (n - 1));
    for (let p = 0; p < count; p++) {
      if (p > 0 && p % n === 0) shift += 1;
      const lead = (start + p) % n;
      const replicas = [lead];
      const used = new Set([lead % racks]);
      for (let j = 1; j < rf; j++) {
        let b = (lead + 1 + ((shift + j - 1) % (n - 1))) % n;
        while (replicas.includes(b) || used.has(b % racks)) b = (b + 1) % n;
        replicas.push(b);
        used.add(b % racks);
      }
      out.push(replicas);
    }
  }
  return out;
}

function placeSkew(
  topics: Topic[],
  n: number,
  racks: number,
  rf: number,
  seed: number,
): number[][] {
  const u = stream(seed, 3);
  const hot = Math.floor((n * 2) / 10);
  const cold = Math.floor(n / 10);
  const cumulative: number[] = [];
  let total = 0;
  for (let b = 0; b < n; b++) {
    total += b < hot ? 2 : b >= n - cold ? 0.25 : 1;
    cumulative.push(total);
  }
  const out: number[][] = [];
  for (const { count } of topics) {
    for (let p = 0; p < count; p++) {
      const replicas: number[] = [];
      const used = new Set<number>();
      while (replicas.length < rf) {
        const x = u() * total;
        const b = cumulative.findIndex((c) => c > x);
        if (used.has(b % racks)) continue;
        replicas.push(b);
        used.add(b % racks);
      }
      out.push(replicas);
    }
  }
  return out;
}

/** The file's text. */

export function generate(request: Request): string {
  const { brokers: n, racks, partitions, scenario, rf = 3, seed = 1 } = request;
  if (racks < rf || n < racks) throw new Error('need racks >= rf and brokers >= racks');
  const count = request.topics ?? Math.max(1, Math.floor(partitions / 20));
  const topics = topicShapes(count, partitions, seed);
  const rows = loads(topics, n, rf, seed);
  const place = (scenario === 'skew' ? placeSkew : placeEven)(topics, n, racks, rf, seed);
  const fresh =
    scenario === 'add' ? Array.from({ length: Math.ceil(n / 10) }, (_, i) => n + i) : [];
  const dead = scenario === 'dead' ? [Math.floor(n / 2)] : [];
  const meta = { brokers: n, racks, topics: count, partitions, rf, scenario, seed };
  const ids = [...Array.from({ length: n }, (_, i) => i), ...fresh];
  const brokerLines = ids.map((id) => JSON.stringify({ id, rack: `r${id % racks}`, capacity }));
  const partitionLines = rows.map((r, i) =>
    JSON.stringify({
      topic: `t${r.topic}`,
      partition: r.partition,
      replicas: place[i],
      sizeMB: r.size,
      bytesInKBps: r.inflow,
      bytesOutKBps: r.out,
      cpuPct: r.cpu,
    }),
  );
  return (
    `{"meta":${JSON.stringify(meta)},\n"brokers":[\n${brokerLines.join(',\n')}\n],\n` +
    `"partitions":[\n${partitionLines.join(',\n')}\n],\n` +
    `"deadBrokers":${JSON.stringify(dead)},\n"newBrokers":${JSON.stringify(fresh)}}\n`
  );
}
