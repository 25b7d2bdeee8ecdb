/** What the API tells of calls under way. */
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { type PendingActivity, pendingWork } from '../../api/pending.ts';

const heard = (text: string | undefined) => ({
  payloads: [defaultPayloadConverter.toPayload(text)],
});

it.each<[string, PendingActivity, object[]]>([
  [
    'nothing of a call that has nothing to tell',
    { attempt: 1, heartbeatDetails: heard(undefined) },
    [],
  ],
  [
    'how far it is',
    { activityType: { name: 'runLoadTest' }, attempt: 1, heartbeatDetails: heard('3/15 s') },
    [{ activity: 'runLoadTest', attempt: 1, text: '3/15 s' }],
  ],
  [
    'why it is tried again',
    { activityType: { name: 'createTopic' }, attempt: 3, lastFailure: { message: 'no leader' } },
    [{ activity: 'createTopic', attempt: 3, lastFailure: 'no leader' }],
  ],
])('tells %s', (_, activity, told) => {
  expect(pendingWork([activity])).toEqual(told);
});
