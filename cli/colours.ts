/**
 * When text may carry colours, for every stream by one rule: NO_COLOR (not empty) says no,
 * FORCE_COLOR says yes (0 and false: no), else only a terminal gets them. CI alone changes nothing.
 */
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

/** Colours for what is written to `stream`; all of them are the identity when it gets none. */
export function coloursFor(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Colours {
  return pc.createColors(wanted(stream, env));
}

function wanted(
  { isTTY = false }: { isTTY?: boolean },
  { NO_COLOR, FORCE_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY && TERM !== 'dumb';
}
