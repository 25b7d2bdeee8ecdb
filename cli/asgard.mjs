#!/usr/bin/env node
// Launcher of the CLI: runs cli/main.ts on the Node 24 of node_modules, whatever node started it.
import { runOnOwnNode } from './own-node.cjs';

runOnOwnNode('cli/main.ts');
