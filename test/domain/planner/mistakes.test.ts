// biome-ignore-all lint/suspicious/noAssignInExpressions: a table of one-line mistakes reads best
/**
 * Mistakes put into plans on purpose: one for every printed figure and every rule. Figures that
 * follow from lists are made to follow, so that only the rule itself can catch the mistake.
 */
import { describe, expect, it } from 'vitest';
import type {
  ClusterSnapshot,
  MovePlan,
  PlanOptions,
  ResourceName,
} from '../../../contracts/rebalance.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import { verifyPlan } from '../../../domain/planner-verifier/verify.ts';
import { brokers, part, standard } from './clusters.ts';

interface Setting {
  snapshot: ClusterSnapshot;
  options: PlanOptions;
}
const dead = standard(10, 5, 400, 'dead');
const skew = standard(10, 5, 400, 'skew');
const added = standard(10, 5, 400, 'add');
const heal: Setting = { snapshot: dead, options: { intent: 'heal' } };
const even: Setting = { snapshot: skew, options: { intent: 'rebalance' } };
const add: Setting = { snapshot: added, options: { intent: 'add' } };
const fit: Setting = {
  snapshot: skew,
  options: { intent: 'fit', limits: { diskShare: 0.6 } },
};
const drain: Setting = { snapshot: skew, options: { intent: 'drain', brokers: [3] } };
const demote: Setting = { snapshot: skew, options: { intent: 'demote', brokers: [0] } };
/** Broker 5 is dead: partitions led by it and by others; one without a source. */
const lonely: Setting = {
  snapshot: {
    brokers: brokers(6, 3),
    partitions: [part(0, [5]), part(1, [5, 0, 1]), part(2, [0, 5, 1], { minInSync: 2 })],
    deadBrokers: [5],
  },
  options: { intent: 'heal' },
};
/** Nothing is over a limit. */
const calm: Setting = {
  snapshot: { brokers: brokers(4), partitions: [part(0, [0, 1]), part(1, [2, 3])] },
  options: { intent: 'fit' },
};
/** Broker 2 is behind with partition 0. */
const lagging: Setting = {
  snapshot: { brokers: brokers(4), partitions: [part(0, [0, 1, 2], { inSync: [0, 1] })] },
  options: { intent: 'rebalance' },
};
const cramped: Setting = {
  snapshot: {
    brokers: brokers(3),
    partitions: [part(0, [0, 1], { sizeBytes: 500 }), part(1, [1, 2], { sizeBytes: 500 })],
    deadBrokers: [0],
  },
  options: { intent: 'heal' },
};

type Spoil = (plan: MovePlan, setting: Setting) => void;
const first = (plan: MovePlan) => plan.reassignments[0]!;
/** Gives a change other replicas, in its last step too. */
const give = (plan: MovePlan, change: number, replicas: number[]) => {
  plan.reassignments[change]!.replicas = replicas;
  const steps = plan.batches.flatMap((b) => b.steps).filter((s) => s.change === change);
  steps.at(-1)!.replicas = replicas;
};
const addChange = (
  plan: MovePlan,
  partition: { topic: string; partition: number },
  replicas: number[],
) => {
  const { topic, partition: number } = partition;
  const change = plan.reassignments.push({ topic, partition: number, replicas }) - 1;
  plan.batches.push({ steps: [{ change, replicas }], durationS: 0 });
};
const nothing: Spoil = (plan) => {
  Object.assign(plan, { reassignments: [], batches: [], durationS: 0 });
};
const firstCopy = (plan: MovePlan) => plan.batches.findIndex((b) => b.durationS > 0);

const resources: ResourceName[] = ['disk', 'networkIn', 'networkOut', 'cpu', 'leaders', 'replicas'];
const summaryMistakes = resources.flatMap((name): [string, Setting, Spoil][] => [
  [`after.${name}.maxOverMean`, even, (plan) => void (plan.after[name]!.maxOverMean -= 0.01)],
  [`before.${name}.maxOverMean`, even, (plan) => void (plan.before[name]!.maxOverMean += 0.01)],
  [`after.${name}.minOverMean`, even, (plan) => void (plan.after[name]!.minOverMean += 0.01)],
]);

const mistakes: [string, Setting, Spoil][] = [
  ...summaryMistakes,
  ['after.disk.outside', heal, (plan) => void (plan.after.disk!.outside += 3)],
  ['after.disk.worstBroker', even, (plan) => void (plan.after.disk!.worstBroker = 9)],
  ['after.disk.ofLimit', even, (plan) => void (plan.after.disk!.ofLimit! -= 0.1)],
  [
    'after.leaders.ofLimit where there is no limit',
    even,
    (plan) => void (plan.after.leaders!.ofLimit = 0.5),
  ],
  ['after.disk.forcedOverMean', even, (plan) => void (plan.after.disk!.forcedOverMean = 1.2)],
  ['a known load told as unknown', even, (plan) => void (plan.after.cpu = null)],
  ['unknownLoads', even, (plan) => void plan.unknownLoads.push('cpu')],
  ['moves', even, (plan) => void (plan.moves -= 1)],
  ['movedBytes', even, (plan) => void (plan.movedBytes -= 100_000_000)],
  ['leaderChanges', even, (plan) => void (plan.leaderChanges += 1)],
  ['leadershipOnly', even, (plan) => void (plan.leadershipOnly += 1)],
  ['electionsPending', even, (plan) => void (plan.electionsPending = 4)],
  ['rackDebt.before', even, (plan) => void (plan.rackDebt.before = 1)],
  ['rackDebt.after', even, (plan) => void (plan.rackDebt.after = 1)],
  ['lowerBoundBytes twice as high', even, (plan) => void (plan.lowerBoundBytes *= 2)],
  ['lowerBoundBytes half as high', even, (plan) => void (plan.lowerBoundBytes /= 2)],
  ['lowerBoundBytes of heal', heal, (plan) => void (plan.lowerBoundBytes *= 0.9)],
  ['lowerBoundBytes of fit', fit, (plan) => void (plan.lowerBoundBytes *= 1.1)],
  ['budgetBytes', even, (plan) => void (plan.budgetBytes! *= 2)],
  ['a budget where there is none', heal, (plan) => void (plan.budgetBytes = 1)],
  ['a budget that was exceeded', even, (plan) => void (plan.budgetBytes = plan.movedBytes / 2)],
  ['durationS', even, (plan) => void (plan.durationS *= 1.5)],
  [
    'durationS of a batch',
    even,
    (plan) => {
      const batch = plan.batches[firstCopy(plan)]!;
      plan.durationS += batch.durationS;
      batch.durationS *= 2;
    },
  ],
  [
    'overLimit that is none',
    even,
    (plan) => void plan.overLimit.push({ broker: 1, resource: 'disk' }),
  ],
  [
    'overLimit of no broker',
    even,
    (plan) => void plan.overLimit.push({ broker: 99, resource: 'disk' }),
  ],
  ['intent', even, (plan) => void (plan.intent = 'add')],
  ['a replica left out', heal, (plan) => give(plan, 0, first(plan).replicas.slice(1))],
  [
    'a broker twice',
    heal,
    (plan) => give(plan, 0, [first(plan).replicas[0]!, ...first(plan).replicas.slice(0, 2)]),
  ],
  ['a dead broker as target', heal, (plan) => give(plan, 0, [5, ...first(plan).replicas.slice(1)])],
  [
    'a broker that does not exist',
    heal,
    (plan) => give(plan, 0, [99, ...first(plan).replicas.slice(1)]),
  ],
  ['a partition that does not exist', heal, (plan) => void (first(plan).partition = 99_999)],
  [
    'two replicas in one rack',
    heal,
    (plan) => {
      const [a, b] = first(plan).replicas as [number, number];
      give(plan, 0, [a, b, (a + 5) % 10]);
    },
  ],
  ['a change forgotten', heal, (plan) => void plan.reassignments.shift()],
  ['a change twice', heal, (plan) => void plan.reassignments.push(structuredClone(first(plan)))],
  [
    'a change that contradicts another',
    heal,
    (plan) => {
      const { topic, partition, replicas } = first(plan);
      plan.reassignments.push({ topic, partition, replicas: [...replicas].reverse() });
    },
  ],
  [
    'a change that changes nothing',
    calm,
    (plan, { snapshot }) => {
      addChange(plan, snapshot.partitions[0]!, [0, 1]);
    },
  ],
  [
    'a healthy replica moved by heal',
    lonely,
    (plan, { snapshot }) => {
      snapshot.partitions.push(part(7, [0, 1]));
      addChange(plan, { topic: 't', partition: 7 }, [0, 4]);
    },
  ],
  [
    'a move of an excluded topic',
    { ...even, options: { intent: 'rebalance' } },
    (_, { options }) => {
      options.excludedTopics = ['t0', 't1', 't2', 't3'];
    },
  ],
  ['a move to an excluded broker', even, (_, { options }) => void (options.excludedBrokers = [9])],
  [
    'a move to where none is allowed',
    even,
    (_, { options }) => void (options.allowedDestinations = [1]),
  ],
  ['add to an old broker', add, (_, { snapshot }) => void (snapshot.newBrokers = [1])],
  [
    'demote that moves a replica',
    demote,
    (plan) => {
      const { replicas } = first(plan);
      const other = [1, 2, 3, 4, 6, 7, 8].find((b) => !replicas.some((r) => r % 5 === b % 5))!;
      give(plan, 0, [replicas[0]!, replicas[1]!, other]);
    },
  ],
  ['heal that does nothing', heal, nothing],
  ['drain that does nothing', drain, nothing],
  ['demote that does nothing', demote, nothing],
  [
    'demote that leaves half',
    demote,
    (plan) => {
      plan.reassignments.splice(plan.reassignments.length >> 1);
      plan.batches = [
        {
          durationS: 0,
          steps: plan.reassignments.map((r, change) => ({ change, replicas: r.replicas })),
        },
      ];
    },
  ],
  ['fit that does nothing', fit, nothing],
  ['add that does nothing', add, nothing],
  [
    'fit that changes without need',
    calm,
    (plan, { snapshot }) => {
      addChange(plan, snapshot.partitions[0]!, [1, 0]);
      Object.assign(plan, { leaderChanges: 1, leadershipOnly: 1 });
    },
  ],
  [
    'blocked, though it is placed',
    heal,
    (plan) => {
      const { topic, partition } = first(plan);
      plan.blocked.push({
        topic,
        partition,
        broker: 5,
        what: 'replica',
        rule: 'rack',
        message: 'm',
        remedy: 'r',
      });
    },
  ],
  [
    'blocked by a rule that is not the one',
    lonely,
    (plan) => void (plan.blocked[0]!.rule = 'limit'),
  ],
  ['blocked without a remedy', lonely, (plan) => void (plan.blocked[0]!.remedy = '')],
  ['blocked, and not told', lonely, (plan) => void plan.blocked.pop()],
  ['blocked twice', lonely, (plan) => void plan.blocked.push(plan.blocked[0]!)],
  [
    'lazily blocked: everything, with a rule',
    lonely,
    (plan) => {
      nothing(plan, lonely);
      for (const partition of [1, 2]) {
        plan.blocked.push({
          topic: 't',
          partition,
          broker: 5,
          what: 'replica',
          rule: 'limit',
          message: 'm',
          remedy: 'r',
        });
      }
    },
  ],
  ['a copy without a source', lonely, (plan) => addChange(plan, { topic: 't', partition: 0 }, [4])],
  [
    'a lost broker kept as preferred leader',
    lonely,
    (plan) => {
      const change = plan.reassignments.findIndex((r) => r.partition === 1);
      give(plan, change, [5, ...plan.reassignments[change]!.replicas.slice(1)]);
    },
  ],
  [
    'leadership to a replica that is behind',
    lagging,
    (plan, { snapshot }) => {
      addChange(plan, snapshot.partitions[0]!, [2, 0, 1]);
    },
  ],
  [
    'an empty replica first before it is in sync',
    heal,
    (plan, { snapshot }) => {
      const { topic, partition, replicas } = first(plan);
      const was = snapshot.partitions.find((p) => p.topic === topic && p.partition === partition)!;
      const fresh = replicas.find((id) => !was.replicas.includes(id))!;
      give(plan, 0, [fresh, ...replicas.filter((id) => id !== fresh)]);
    },
  ],
  [
    'a leader on a drained broker',
    drain,
    (plan) => {
      const change = plan.reassignments.findIndex((r) => r.replicas.length > 2);
      give(plan, change, [3, ...plan.reassignments[change]!.replicas.slice(1)]);
    },
  ],
  ['a limit broken', heal, (_, { options }) => void (options.limits = { diskShare: 0.3 })],
  [
    'all copies in one batch',
    even,
    (plan) => {
      const steps = plan.batches.flatMap((b) => b.steps);
      plan.batches = [{ steps, durationS: plan.durationS }];
    },
  ],
  ['batches in reverse', even, (plan) => void plan.batches.reverse()],
  ['a step of no change', heal, (plan) => void (plan.batches[0]!.steps[0]!.change = 9_999)],
  ['a batch left out', heal, (plan) => void plan.batches.pop()],
  ['an empty batch', heal, (plan) => void plan.batches.push({ steps: [], durationS: 0 })],
  [
    'a change twice in a batch',
    heal,
    (plan) => void plan.batches[0]!.steps.push(plan.batches[0]!.steps[0]!),
  ],
  [
    'more copies at a time than allowed',
    even,
    (_, { options }) => void (options.copiesPerBroker = 1),
  ],
  [
    'partitions at risk last',
    lonely,
    (_, { snapshot }) => {
      snapshot.partitions.find((p) => p.partition === 2)!.minInSync = 1;
      snapshot.partitions.find((p) => p.partition === 1)!.minInSync = 2;
    },
  ],
  [
    'room that is not there while it is copied',
    cramped,
    (plan) => addChange(plan, { topic: 't', partition: 0 }, [1, 2]),
  ],
];

describe('a mistake put into a plan', () => {
  it.each(mistakes)('is caught: %s', (_, setting, spoil) => {
    const own = structuredClone(setting);
    const plan = planMoves(own.snapshot, own.options);
    expect(verifyPlan(own.snapshot, own.options, plan)).toEqual([]);
    spoil(plan, own);
    expect(verifyPlan(own.snapshot, own.options, plan)).not.toEqual([]);
  });

  it('there are at least sixty of them', () => expect(mistakes.length).toBeGreaterThanOrEqual(60));
});
