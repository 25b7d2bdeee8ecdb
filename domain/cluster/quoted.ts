/** Words of users in messages: quoted, never longer than a line, nothing invisible in them. */

const most = 80;

/** Back-ticked, clipped after 80 characters; control characters are shown as JSON writes them. */
export function quoted(text: string): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return `\`${JSON.stringify(shown).slice(1, -1).replaceAll('\\"', '"')}\``;
}
