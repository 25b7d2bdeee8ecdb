/** From pools to nodes: slots, node ids, racks. Pure. */
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { NodePool, NormalSpec } from '../../contracts/spec.ts';

/**
 * The nodes a spec asks for, in pool order. Slot `<pool>-<i>` is in `racks[i mod racks]`; a slot
 * that exists keeps its node id, a new one gets the lowest id that nobody has.
 */
export function targetNodes(
  spec: Pick<NormalSpec, 'nodes'>,
  observed: Pick<ObservedCluster, 'nodes'>,
): NodeTarget[] {
  const ids = new Map(observed.nodes.map((n) => [n.slot, n.nodeId]));
  const taken = new Set(ids.values());
  let next = 0;
  const fresh = (): number => {
    while (taken.has(next)) next += 1;
    taken.add(next);
    return next;
  };
  return spec.nodes.flatMap((pool) =>
    Array.from({ length: pool.count }, (_, i) => {
      const slot = `${pool.pool}-${i}`;
      return nodeOf(pool, i, ids.get(slot) ?? fresh());
    }),
  );
}

function nodeOf(pool: NodePool, index: number, nodeId: number): NodeTarget {
  return {
    slot: `${pool.pool}-${index}`,
    pool: pool.pool,
    nodeId,
    rack: pool.racks[index % pool.racks.length] ?? '',
    roles: [...pool.roles].sort(),
    instanceType: pool.instanceType,
    diskGiB: pool.diskGiB,
  };
}
