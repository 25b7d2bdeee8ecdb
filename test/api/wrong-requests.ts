/** Wrong requests, each with what the API must answer: status, error type and the first field. */
import { exampleSpec } from '../support/specs.ts';

export interface WrongRequest {
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  type: string;
  field?: string;
}

const spec = (change: object) => ({ ...exampleSpec(), ...change });
/** An object with one key that only a JSON reader can make. */
const hostile = (key: string): object => JSON.parse(`{"${key}": 1}`);
const invalid = { status: 400, type: 'InvalidInput' };
const clusters = { method: 'POST', url: '/v1/clusters' } as const;
const plan = { method: 'POST', url: '/v1/clusters/plan' } as const;
const tests = { method: 'POST', url: '/v1/clusters/orders/load-tests' } as const;
const destroy = { method: 'DELETE', url: '/v1/clusters/orders' } as const;
const protection = { method: 'PUT', url: '/v1/clusters/orders/protection' } as const;
const operation = '/v1/operations/odin/orders/x';

export const wrongRequests: WrongRequest[] = [
  { name: 'no body', ...clusters, ...invalid, field: 'spec' },
  { name: 'a list as body', ...clusters, body: [], ...invalid },
  {
    name: 'text that is no JSON',
    ...clusters,
    body: '{"spec":',
    status: 400,
    type: 'InvalidInput',
  },
  {
    name: 'another media type',
    ...clusters,
    body: '<spec/>',
    headers: { 'content-type': 'application/xml' },
    status: 415,
    type: 'InvalidInput',
  },
  {
    name: 'a body above 1 MiB',
    ...clusters,
    body: { spec: 'x'.repeat(1_100_000) },
    status: 413,
    type: 'InvalidInput',
  },
  { name: 'a misspelt field', ...clusters, body: { spek: {} }, ...invalid, field: 'spec' },
  {
    name: 'an unknown field',
    ...clusters,
    body: { spec: exampleSpec(), dry: 1 },
    ...invalid,
    field: 'dry',
  },
  {
    name: 'a prototype as field',
    ...clusters,
    body: '{"__proto__": {"x": 1}, "spec": {}}',
    ...invalid,
    field: '__proto__',
  },
  {
    name: 'a prototype as configuration key',
    ...clusters,
    body: { spec: spec({ kafka: { version: '4.3.1', config: hostile('__proto__') } }) },
    ...invalid,
    field: 'spec.kafka.config["__proto__"]',
  },
  {
    name: 'a constructor as configuration key',
    ...plan,
    body: { spec: spec({ kafka: { version: '4.3.1', config: hostile('constructor') } }) },
    ...invalid,
    field: 'spec.kafka.config["constructor"]',
  },
  {
    name: 'a word as approval',
    ...clusters,
    body: { spec: exampleSpec(), approval: 'yes' },
    ...invalid,
    field: 'approval',
  },
  {
    name: 'a word as onFailure',
    ...clusters,
    body: { spec: exampleSpec(), onFailure: 'panic' },
    ...invalid,
    field: 'onFailure',
  },
  {
    name: 'a number as digest',
    ...clusters,
    body: { spec: exampleSpec(), expectDigest: 5 },
    ...invalid,
    field: 'expectDigest',
  },
  {
    name: 'a bad cluster name',
    ...clusters,
    body: { spec: spec({ name: 'A' }) },
    ...invalid,
    field: 'spec.name',
  },
  {
    name: 'an unknown provider',
    ...clusters,
    body: { spec: spec({ provider: 'x' }) },
    ...invalid,
    field: 'spec.provider',
  },
  {
    name: 'no nodes',
    ...clusters,
    body: { spec: spec({ nodes: [] }) },
    ...invalid,
    field: 'spec.nodes',
  },
  {
    name: 'an old Kafka',
    ...clusters,
    body: { spec: spec({ kafka: { version: '2.8.0' } }) },
    ...invalid,
    field: 'spec.kafka.version',
  },
  {
    name: 'a bad threshold',
    ...clusters,
    body: { spec: spec({ loadTest: { thresholds: ['fast'] } }) },
    ...invalid,
    field: 'spec.loadTest.thresholds[0]',
  },
  {
    name: 'an empty Idempotency-Key',
    ...clusters,
    body: { spec: exampleSpec() },
    headers: { 'idempotency-key': '' },
    ...invalid,
    field: 'Idempotency-Key',
  },
  {
    name: 'a blank in the Idempotency-Key',
    ...clusters,
    body: { spec: exampleSpec() },
    headers: { 'idempotency-key': 'a b' },
    ...invalid,
    field: 'Idempotency-Key',
  },
  { name: 'a plan of nothing', ...plan, body: {}, ...invalid, field: 'spec' },
  {
    name: 'a plan of a bad spec',
    ...plan,
    body: { spec: spec({ name: '' }) },
    ...invalid,
    field: 'spec.name',
  },
  {
    name: 'a plan with an unknown intent',
    ...plan,
    body: { intent: 'guess' },
    ...invalid,
    field: 'intent',
  },
  {
    name: 'a destruction plan of nobody',
    ...plan,
    body: { intent: 'destroy' },
    ...invalid,
    field: 'cluster',
  },
  {
    name: 'a destruction plan on a provider that is none',
    ...plan,
    body: { intent: 'destroy', cluster: 'orders', provider: 'nope' },
    ...invalid,
    field: 'provider',
  },
  {
    name: 'a destruction on a provider that is a prototype',
    ...destroy,
    body: { confirm: 'orders', provider: '__proto__' },
    ...invalid,
    field: 'provider',
  },
  {
    name: 'a broken escape in the path',
    method: 'GET',
    url: '/v1/clusters/%E0%A4%A',
    status: 400,
    type: 'InvalidInput',
  },
  {
    name: 'a path that is far too long',
    method: 'GET',
    url: `/v1/clusters/${'a'.repeat(19_000)}`,
    status: 414,
    type: 'InvalidInput',
  },
  {
    name: 'a plan with a field too many',
    ...plan,
    body: { spec: exampleSpec(), x: 1 },
    ...invalid,
    field: 'x',
  },
  { name: 'a load test that is no object', ...tests, body: { load: 5 }, ...invalid, field: 'load' },
  {
    name: 'a load test with an unknown field',
    ...tests,
    body: { load: { speed: 5 } },
    ...invalid,
    field: 'load.speed',
  },
  {
    name: 'a load test with a duration in words',
    ...tests,
    body: { load: { durationS: 'long' } },
    ...invalid,
    field: 'load.durationS',
  },
  {
    name: 'a load test of a name that cannot be',
    method: 'POST',
    url: '/v1/clusters/Orders/load-tests',
    body: {},
    status: 404,
    type: 'NotFound',
  },
  {
    name: 'a destruction without confirmation',
    ...destroy,
    status: 400,
    type: 'ConfirmationMismatch',
  },
  {
    name: 'a destruction confirmed wrongly',
    ...destroy,
    body: { confirm: 'order' },
    status: 400,
    type: 'ConfirmationMismatch',
  },
  {
    name: 'a destruction confirmed wrongly in the query',
    method: 'DELETE',
    url: '/v1/clusters/orders?confirm=all',
    status: 400,
    type: 'ConfirmationMismatch',
  },
  {
    name: 'a destruction with a field too many',
    ...destroy,
    body: { confirm: 'orders', force: true },
    ...invalid,
    field: 'force',
  },
  { name: 'protection without a value', ...protection, body: {}, ...invalid, field: 'enabled' },
  {
    name: 'protection in words',
    ...protection,
    body: { enabled: 'on' },
    ...invalid,
    field: 'enabled',
  },
  {
    name: 'an approval without a digest',
    method: 'POST',
    url: `${operation}/approve`,
    body: {},
    ...invalid,
    field: 'digest',
  },
  {
    name: 'an approval with a field too many',
    method: 'POST',
    url: `${operation}/approve`,
    body: { digest: 'x', y: 1 },
    ...invalid,
    field: 'y',
  },
  {
    name: 'an operation id with a slash',
    method: 'GET',
    url: '/v1/operations/odin/orders/a%2Fb',
    status: 404,
    type: 'NotFound',
  },
  {
    name: 'an unknown verb',
    method: 'POST',
    url: `${operation}/explode`,
    body: {},
    status: 404,
    type: 'NotFound',
  },
  { name: 'an unknown route', method: 'GET', url: '/v2/clusters', status: 404, type: 'NotFound' },
  {
    name: 'a wrong method',
    method: 'PUT',
    url: '/v1/clusters',
    body: {},
    status: 404,
    type: 'NotFound',
  },
  {
    name: 'a cluster name with a dot',
    method: 'GET',
    url: '/v1/clusters/a.b',
    status: 404,
    type: 'NotFound',
  },
  {
    name: 'a cluster name that is too long',
    method: 'GET',
    url: `/v1/clusters/${'a'.repeat(60)}`,
    status: 404,
    type: 'NotFound',
  },
];
