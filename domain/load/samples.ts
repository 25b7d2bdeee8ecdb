/**
 * How many samples a percentile needs before anything may be said of it. Pure.
 *
 * The rule is Wilks' (S. S. Wilks, "Determination of Sample Sizes for Setting Tolerance Limits",
 * 1941): the largest of N independent samples is above the q-quantile with probability 1 − q^N,
 * whatever the distribution. With fewer than ln(1 − c) / ln(q) samples not even their maximum
 * bounds the percentile with confidence c, so a percentile read from them says nothing.
 */
import type { BadSyntax } from './rate.ts';
import { parseThreshold } from './thresholds.ts';

/** The customary 95 %: "95/95" is 59 samples. */
const confidence = 0.95;

/** Quantile of a threshold's metric, such as 0.999 of `e2e_p(99.9)`; undefined of others. */
function quantileOf(metric: string): number | undefined {
  const percent = /p\(([0-9.]+)\)$/.exec(metric)?.[1];
  // Rounded, since 99.9 / 100 is not the double nearest to 0.999.
  return percent === undefined ? undefined : Math.round(Number(percent) * 1e6) / 1e8;
}

/** Least number of samples for the metric of a threshold; 1 when it is not a percentile. */
export function samplesNeeded(metric: string): number {
  const quantile = quantileOf(metric);
  if (quantile === undefined) return 1;
  return Math.ceil(Math.log(1 - confidence) / Math.log(quantile));
}

/**
 * What is wrong with judging this threshold by a load of so many records a second for so long;
 * undefined when it brings enough samples, or when the text is no threshold (another rule's).
 */
export function tooFewSamples(
  text: string,
  load: { recordsPerS: number; durationS: number },
): BadSyntax | undefined {
  const threshold = parseThreshold(text);
  if ('error' in threshold) return undefined;
  const needed = samplesNeeded(threshold.metric);
  const { recordsPerS, durationS } = load;
  const brought = Math.ceil(recordsPerS * durationS);
  if (brought >= needed) return undefined;
  return {
    error: `${threshold.metric} needs at least ${needed} samples, this load brings ${brought}`,
    remedy:
      `make durationS at least ${Math.ceil(needed / recordsPerS)}, raise the rate, ` +
      'or judge a lower percentile',
  };
}
