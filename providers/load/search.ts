/**
 * The search for the highest sustainable rate: doubling until somebody falls behind, then down from
 * what came through to what holds for longer than brokers can buffer. Bounded: at most 16 steps of
 * two seconds and 8 of five, each followed by its answers. Who fell behind is not judged here: the
 * generator's share is told.
 */
import type { GeneratorHealth } from '../../contracts/load.ts';
import { type Course, drain, during, figures } from './course.ts';

const searchFrom = 1_000;
const doublingS = 2;
const doublingsMax = 16;
/** What two seconds bring fits into the page cache; a rate is believed when it held for so long. */
const holdingS = 5;
const holdingsMax = 8;
/** From what came through to the next try; an overloaded cluster carries less than it could. */
const stepDown = 0.95;
/** What holds for seconds may not hold for minutes; the measurement is done a tenth below. */
const margin = 0.9;
/** Fewer acknowledged than this share of what was due: the rate is not sustained. */
const sustainedShareMin = 0.95;
/** Later than this after the step's end, and records have piled up; a short pause is no limit. */
const lastAnswerGraceS = 0.5;

type Search = NonNullable<GeneratorHealth['search']>;
type Step = { kept: true } | { kept: false; cameThroughPerS: number; sendBusyShare: number };

/** Records per second, and what the last higher rate tried was like. */
export async function searchMaximum(
  course: Course,
): Promise<{ recordsPerS: number; search: Search }> {
  let tried = searchFrom;
  let step = await tryRate(course, tried, doublingS);
  for (let i = 1; i < doublingsMax && step.kept; i++) {
    tried *= 2;
    step = await tryRate(course, tried, doublingS);
  }
  let search: Search = {};
  for (let i = 0; i < holdingsMax && !step.kept; i++) {
    search = { failedRecordsPerS: tried, sendBusyShare: step.sendBusyShare };
    tried = Math.max(1, Math.min(tried, step.cameThroughPerS) * stepDown);
    step = await tryRate(course, tried, holdingS);
  }
  return { recordsPerS: Math.max(1, tried * margin), search };
}

async function tryRate(course: Course, recordsPerS: number, seconds: number): Promise<Step> {
  const { producer } = course;
  const records = Math.ceil(recordsPerS * seconds);
  producer.tell({ kind: 'rate', recordsPerS, records, measured: false });
  await during(course, seconds, `searching: ${Math.round(recordsPerS)} records/s`);
  const { busyShare } = await figures(producer);
  // What is still out belongs to this step, and must not burden the next.
  const f = await drain(producer);
  const inTime = f.lastAnswerS <= seconds + lastAnswerGraceS;
  const enough = f.errors === 0 && f.acknowledged >= sustainedShareMin * records;
  if (!f.held && inTime && enough) return { kept: true };
  return {
    kept: false,
    cameThroughPerS: f.acknowledged / Math.max(seconds, f.lastAnswerS),
    sendBusyShare: busyShare,
  };
}
