/** Starts bench/lib/house.ts on the project's own Node; see own-node.cjs. */
require('../cli/own-node.cjs').runOnOwnNode('bench/lib/house.ts');
