// Runs a program on the Node 24 of node_modules, whatever node was called: `node bench/planner.ts`
// and cli/asgard.mjs work with the Node 20 of a machine too. Node 20 takes a .ts file only in a
// CommonJS folder, and reads it as JavaScript; hence bench/package.json, and launchers that have no
// types.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { constants } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '..');

/** Hands on arguments, streams, signals and exit status. `program` is relative to the project. */
exports.runOnOwnNode = (program) => {
  const node = join(root, 'node_modules/.bin/node');
  if (!existsSync(node)) {
    console.error('asgard: nothing is installed yet\n        run `node deploy/dev/install.mjs`');
    process.exit(1);
  }
  const args = [join(root, program), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; other senders know only this process.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
};
