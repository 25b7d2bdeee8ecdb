/**
 * A stand-in for `java` that formats a disk and then sleeps, or, when its properties hold
 * `stand.in.fails`, says that and ends: for tests of the local cloud's own
 * rules (tokens, states, locks), which would only be slower with a real broker. Brokers are real
 * elsewhere.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const script = `#!/bin/sh
case "$*" in
  *StorageTool*)
    config=$(printf '%s\\n' "$@" | grep 'format.properties')
    touch "$(sed -n 's/^log.dirs=//p' "$config")/meta.properties"
    exit 0 ;;
esac
for config in "$@"; do :; done
said=$(sed -n 's/^stand.in.fails=//p' "$config" 2> /dev/null)
[ -z "$said" ] || { echo "$said" >&2; exit 1; }
trap 'exit 0' TERM
while :; do sleep 0.05; done
`;

/** Makes this process's machines boot the stand-in; returns the undo. */
export function useStandInJava(dir: string): () => void {
  mkdirSync(join(dir, 'java/bin'), { recursive: true });
  writeFileSync(join(dir, 'java/bin/java'), script);
  chmodSync(join(dir, 'java/bin/java'), 0o755);
  const before = process.env.JAVA_HOME;
  process.env.JAVA_HOME = join(dir, 'java');
  return () => {
    if (before === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = before;
  };
}
