/** Words of users in messages: quoted, never longer than a line, nothing invisible in them. */

const most = 80;

/** Back-ticked, clipped after 80 characters; what cannot be seen is shown by its number. */
export function quoted(text: string): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  const visible = shown.replace(
    /[\p{C}\p{Zl}\p{Zp}\u00a0]/gu,
    (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`,
  );
  return `\`${visible}\``;
}
