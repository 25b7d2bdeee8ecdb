/** Ports for local interfaces, below the kernel's ephemeral range so that no client takes one. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { CloudError } from '../cloud.ts';

const lowest = 15_000;
const highest = 32_000;
const triesMax = 500;

/** `count` ports that nobody listens on now and that are not in `taken`. */
export async function freePorts(count: number, taken: ReadonlySet<number>): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < triesMax && found.size < count; tries++) {
    const port = randomInt(lowest, highest);
    if (!taken.has(port) && !found.has(port) && (await canListen(port))) found.add(port);
  }
  if (found.size < count) throw new CloudError('CapacityExceeded', 'no free port was found');
  return [...found];
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
