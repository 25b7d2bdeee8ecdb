/** Topics by name or pattern: `*` stands for any characters. Pure; knows no cluster. */

/** True for topics that one of the names is, or one of the patterns matches. */
export function topicMatcher(names: readonly string[]): (topic: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes('*')));
  const patterns = names
    .filter((name) => name.includes('*'))
    .map((name) => new RegExp(`^${name.split('*').map(escapeOf).join('.*')}$`));
  return (topic) => exact.has(topic) || patterns.some((pattern) => pattern.test(topic));
}

const escapeOf = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
