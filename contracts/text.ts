/** How many things are told in one line: messages, summaries and payloads must stay short. */

/** The first few of many, such as `a, b, c and 7 more`. */
export function fewOf(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
