/**
 * How a cluster stands at one moment beside its plan: its machines, and what its brokers say when
 * each is asked itself. Facts only; domain/cluster/standing.ts says what is missing.
 */
import type { InstanceState } from './observed.ts';
import type { NodeTarget } from './plan.ts';

/** A node as the plan wants it to stand. */
export type PlannedNode = Pick<NodeTarget, 'slot' | 'nodeId' | 'roles'>;

export interface MachineLook {
  slot: string;
  id: string;
  state: InstanceState;
  /** Another value after each start of the machine; absent when the provider cannot tell. */
  run?: string;
  /** Why it is stopped, when the provider knows. */
  reason?: string;
}

export interface KafkaLook {
  /** Who answered. */
  answered: number[];
  /** The brokers (registered and not fenced) that those who answered know. */
  brokers: number[];
  /** Who of them does not know which of these. */
  blind?: { nodeId: number; lacks: number[] }[];
  /** Who did not. `refused`: nobody listens there; otherwise no answer came in time. */
  silent: { nodeId: number; reason: string; refused: boolean }[];
  /** Replicas outside the in-sync set, by their broker. */
  behind: { nodeId: number; partitions: number; first: string }[];
  leaderless?: { partitions: number; first: string };
  /** Leader and leader epoch of each partition of the test's topic. */
  lead?: { leader: number; epoch: number }[];
  /** Brokers that answered and do not know the test's topic yet. */
  withoutTopic?: number[];
}

export interface Standing {
  /** ISO time of the look. */
  at: string;
  /** Absent when the provider did not answer; `machinesError` then says why. */
  machines?: MachineLook[];
  machinesError?: string;
  /** Absent when Kafka could not be asked at all; `kafkaError` then says why. */
  kafka?: KafkaLook;
  kafkaError?: string;
}
