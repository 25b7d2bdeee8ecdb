/**
 * Do and undo are held together by the compiler: a way back where the step's face says `restored`,
 * none where it says otherwise. Each `@ts-expect-error` is an error that `npm run types` must find.
 */
import { expect, it } from 'vitest';
import type { WayOf } from '../../workflows/lib/steps.ts';

const deed = { do: async () => {} };
const reversible = { ...deed, undo: async () => {} };

// @ts-expect-error a volume that is made must have a way back
const forgotten: WayOf<'createVolume'> = { do: async () => {} };
// @ts-expect-error partitions cannot be taken away, so nothing may claim it
const invented: WayOf<'addPartitions'> = { do: async () => {}, undo: async () => {} };
// @ts-expect-error a wait leaves nothing to undo
const needless: WayOf<'awaitNode'> = { do: async () => {}, undo: async () => {} };
const fine: [WayOf<'createVolume'>, WayOf<'addPartitions'>] = [reversible, deed];

it('is checked by the compiler, not at run time', () => {
  expect([forgotten, invented, needless, ...fine].every((way) => 'do' in way)).toBe(true);
});
