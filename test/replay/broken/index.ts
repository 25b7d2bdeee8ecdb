/** A twin that must fail: the same workflow types, but a timer is set before anything else. */
import { sleep } from '@temporalio/workflow';
import { provisionCluster as original } from '../../../workflows/index.ts';

export async function provisionCluster(input: Parameters<typeof original>[0]): Promise<unknown> {
  await sleep('1 second');
  return original(input);
}
