/**
 * The cluster spec: what a user asks for, as JSON. Shape only; the rules that need more than one
 * field live in domain/cluster/rules.ts. One schema serves the workflow, the API and the CLI.
 */
import { type Static, Type } from 'typebox';

/**
 * One of a list, or of a form, that a rule checks: longer than any that is accepted, so that the
 * rule can say what is, and short enough for messages and histories.
 */
const word = () => Type.String({ maxLength: 300 });
/** A name of the user's own: as long as is accepted. What it may hold, a rule says. */
const name = (maxLength: number) => Type.String({ maxLength });
const nameMax = 40;
/** Kafka's own limit: names of topics become names of directories. */
const topicNameMax = 249;

/** A Kafka configuration map; numbers and booleans are accepted and normalised to strings. */
export const KafkaConfig = Type.Record(
  Type.String(),
  Type.Union([Type.String({ maxLength: 10_000 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 500 },
);
export type KafkaConfig = Static<typeof KafkaConfig>;

const NodeRole = Type.Union([Type.Literal('broker'), Type.Literal('controller')]);

/**
 * A group of like machines. Nodes are spread over `racks` round robin: slot i is in racks[i % n].
 */
export const NodePool = Type.Object(
  {
    /** Pool name; slots are called `<pool>-<index>`. */
    pool: name(nameMax),
    count: Type.Integer(),
    roles: Type.Array(NodeRole, { maxItems: 10 }),
    racks: Type.Array(name(128), { maxItems: 100 }),
    /** Provider's type, for example `local.small`. */
    instanceType: word(),
    diskGiB: Type.Integer(),
  },
  { additionalProperties: false },
);
export type NodePool = Static<typeof NodePool>;

export const TopicSpec = Type.Object(
  {
    name: name(topicNameMax),
    /** Required unless `state` is `absent`. */
    partitions: Type.Optional(Type.Integer()),
    /** Required unless `state` is `absent`. */
    replicationFactor: Type.Optional(Type.Integer()),
    config: Type.Optional(KafkaConfig),
    /** `absent` deletes the topic (a point of no return). A topic not named is left alone. */
    state: Type.Optional(Type.Union([Type.Literal('present'), Type.Literal('absent')])),
  },
  { additionalProperties: false },
);
export type TopicSpec = Static<typeof TopicSpec>;

export const LoadSpec = Type.Object(
  {
    /** Target publish rate such as `5MB/s` or `2000msg/s`, or `max` to search the highest one. */
    rate: Type.Optional(word()),
    messageBytes: Type.Optional(Type.Integer()),
    partitions: Type.Optional(Type.Integer()),
    replicationFactor: Type.Optional(Type.Integer()),
    acks: Type.Optional(
      Type.Union([Type.Literal('all'), Type.Literal('leader'), Type.Literal('none')]),
    ),
    durationS: Type.Optional(Type.Integer()),
    warmupS: Type.Optional(Type.Integer()),
    /** k6's syntax: `p(99)<250`, `lost==0`, `rate>=4MB/s`, `e2e_p(99)<500`, `errors==0`. */
    thresholds: Type.Optional(Type.Array(word(), { maxItems: 50 })),
  },
  { additionalProperties: false },
);
export type LoadSpec = Static<typeof LoadSpec>;

export const ClusterSpec = Type.Object(
  {
    name: name(nameMax),
    provider: Type.Optional(word()),
    kafka: Type.Object(
      { version: word(), config: Type.Optional(KafkaConfig) },
      { additionalProperties: false },
    ),
    nodes: Type.Array(NodePool, { maxItems: 100 }),
    topics: Type.Optional(Type.Array(TopicSpec, { maxItems: 10_000 })),
    /**
     * The gate. `false` provisions without one: the cluster then ends `untested`, never `ready`.
     */
    loadTest: Type.Optional(Type.Union([LoadSpec, Type.Literal(false)])),
    /** Initial deletion protection, default true; later changes go by the protection update. */
    protection: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ClusterSpec = Static<typeof ClusterSpec>;

/**
 * A spec with every default filled in and every config value a string; what plans are made from.
 */
export interface NormalSpec {
  name: string;
  provider: string;
  kafka: { version: string; config: Record<string, string> };
  nodes: NodePool[];
  topics: NormalTopic[];
  loadTest: NormalLoad | false;
  protection: boolean;
}
export interface NormalTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  config: Record<string, string>;
  state: 'present' | 'absent';
}
export interface NormalLoad {
  rate: string;
  messageBytes: number;
  partitions: number;
  replicationFactor: number;
  acks: 'all' | 'leader' | 'none';
  durationS: number;
  warmupS: number;
  thresholds: string[];
}

/** One refusal: which field, which rule it breaks, and what would be accepted. */
export interface Violation {
  /** JSON path such as `nodes[0].count` or `topics[2].config["retention.ms"]`. */
  field: string;
  /** Stable kebab-case rule name, listed in docs/reference/rules.md. */
  rule: string;
  message: string;
  remedy: string;
}
