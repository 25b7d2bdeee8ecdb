/** Violations as text for a terminal: field, what is wrong, rule, and what would be accepted. */
import type { Violation } from '../../contracts/spec.ts';

/** Two lines each; empty text for no violation. */
export function violationsText(violations: readonly Violation[]): string {
  return violations
    .map((v) => `  ${v.field}: ${v.message}\n      rule ${v.rule}; ${v.remedy}`)
    .join('\n');
}
