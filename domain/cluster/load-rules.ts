/** Rules on the load test of a spec. */
import type { NormalLoad, NormalSpec, Violation } from '../../contracts/spec.ts';
import { parseRate } from '../load/rate.ts';
import { tooFewSamples } from '../load/samples.ts';
import { parseThreshold } from '../load/thresholds.ts';
import { brokerValues } from './config-values.ts';
import { brokerCount } from './normalise.ts';

/** Inclusive ranges; bytes are bounded below by what the proof of arrival needs in each record. */
const ranges: { [K in keyof NormalLoad]?: [number, number] } = {
  messageBytes: [32, 900_000],
  partitions: [1, 1000],
  durationS: [1, 3600],
  warmupS: [0, 600],
};

/** Every violation of the gate; none when there is no gate. */
export function checkLoad(spec: NormalSpec): Violation[] {
  const load = spec.loadTest;
  if (load === false) return [];
  const brokers = brokerCount(spec);
  const factor = load.replicationFactor;
  const outside = factor < 1 || (brokers > 0 && factor > brokers);
  return [
    ...Object.entries(ranges).flatMap(([name, range]) => checkRange(load, name, range)),
    ...(outside ? [factorViolation(factor, brokers)] : []),
    ...checkMessage(load, spec.kafka.config),
    ...syntax('loadTest.rate', 'load-rate', parseRate(load.rate, load.messageBytes)),
    ...load.thresholds.flatMap((text, i) =>
      syntax(`loadTest.thresholds[${i}]`, 'load-threshold', parseThreshold(text)),
    ),
    ...checkSamples(load),
  ];
}

function checkRange(load: NormalLoad, name: string, [low, high]: [number, number]): Violation[] {
  const value = load[name as keyof NormalLoad] as number;
  if (value >= low && value <= high) return [];
  const remedy = `use ${low} to ${high}`;
  return [
    {
      field: `loadTest.${name}`,
      rule: 'load-range',
      message: `${value} is too ${value < low ? 'low' : 'high'}`,
      remedy,
    },
  ];
}

/** A gate on records that the cluster's own topics would refuse would measure nothing of use. */
function checkMessage(load: NormalLoad, config: Record<string, string>): Violation[] {
  const values = brokerValues(config);
  const largest = Number(values.maybe('message.max.bytes') ?? Number.POSITIVE_INFINITY);
  const request = Number(values.maybe('socket.request.max.bytes') ?? Number.POSITIVE_INFINITY);
  const most = largest - batchOverheadBytes;
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push({ field, rule, message, remedy });
  if (load.messageBytes > most && load.messageBytes <= 900_000) {
    const message = `${load.messageBytes} bytes do not fit into message.max.bytes of the brokers`;
    const remedy = `use at most ${Math.max(0, most)}, or a larger message.max.bytes`;
    add('loadTest.messageBytes', 'load-message', message, remedy);
  }
  if (request < requestBytes) {
    const message = `${request} is less than the requests of the load test, up to ${requestBytes}`;
    const remedy = `use at least ${requestBytes}, or provision without a load test`;
    add('kafka.config["socket.request.max.bytes"]', 'load-request', message, remedy);
  }
  return found;
}

/** Head of a record batch (61), and of a record with its largest length fields (22). */
const batchOverheadBytes = 83;
/** What the generator puts into one request (providers/load/backlog.ts) with its heads. */
const requestBytes = 1_200_000;

/** A percentile of too few records says nothing: the verdict could only be unknown. */
function checkSamples(load: NormalLoad): Violation[] {
  const rate = parseRate(load.rate, load.messageBytes);
  const refused = Object.entries(ranges).some(([n, range]) => checkRange(load, n, range)[0]);
  if (refused || 'error' in rate || rate.kind === 'max') return [];
  const { recordsPerS } = rate;
  return load.thresholds.flatMap((text, i) => {
    const few = tooFewSamples(text, { recordsPerS, durationS: load.durationS });
    return few ? syntax(`loadTest.thresholds[${i}]`, 'load-samples', few) : [];
  });
}

const factorViolation = (factor: number, brokers: number): Violation => ({
  field: 'loadTest.replicationFactor',
  rule: 'rf-brokers',
  message: `${factor} replicas with ${brokers} brokers`,
  remedy: `use 1 to ${brokers}`,
});

function syntax(field: string, rule: string, parsed: object): Violation[] {
  if (!('error' in parsed)) return [];
  const { error, remedy } = parsed as { error: string; remedy: string };
  return [{ field, rule, message: error, remedy }];
}
