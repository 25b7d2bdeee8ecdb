/**
 * Strings that people and programs send, each with a bound: nothing that ends in Temporal's history
 * or in a status may be of any length.
 */
import { Type } from 'typebox';

/** Names of clusters, pools and the like; the rules say which characters. */
export const Name = Type.String({ minLength: 1, maxLength: 40 });
/** Who asked. Longer than any login name, shorter than a search attribute may be. */
export const Requester = Type.String({ minLength: 1, maxLength: 100 });
/** `sha256:` and 64 hex digits; any text is compared, so only the length is bound. */
export const Digest = Type.String({ minLength: 1, maxLength: 100 });
/** A sentence for people: reasons, causes. */
export const Sentence = Type.String({ maxLength: 2_000 });
/** Ids of workflows and runs: Temporal's own bound is 1,000 characters. */
export const Id = Type.String({ minLength: 1, maxLength: 1_000 });
/**
 * Run ids are UUIDs. Temporal refuses others in a command, and a workflow whose command is refused
 * tries it again for ever.
 */
export const RunId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
});
/** ISO 8601. */
export const Time = Type.String({ minLength: 10, maxLength: 40 });

/** At most `max` characters, the last one an ellipsis when something was cut off. */
export const clip = (text: string, max = 2_000): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`;

/** The first few of many, such as `a, b, c and 7 more`. */
export function fewOf(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
