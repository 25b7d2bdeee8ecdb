/** Starts bench/lib/planner-scale.ts on the project's own Node; see own-node.cjs. */
require('../cli/own-node.cjs').runOnOwnNode('bench/lib/planner-scale.ts');
