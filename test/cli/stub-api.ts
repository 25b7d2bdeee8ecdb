/**
 * An API made of answers that the test gives, on a real port: for what the CLI does with pipes,
 * signals and a server that goes away. The real API is used elsewhere (test/stack, test/system).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface StubApi {
  url: string;
  /** Hangs up on everybody and listens no more. */
  down(): Promise<void>;
  /** Listens again on the same port. */
  up(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Listens on loopback until `down`. */
export async function stubApi(answer: Answer): Promise<StubApi> {
  let port = 0;
  let server = createServer(answer);
  const up = (): Promise<void> => {
    server = createServer(answer);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as { port: number }).port;
        resolve();
      });
    });
  };
  await up();
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, down, up };
}

/** One JSON answer. */
export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** The beginning of an event stream; it stays open. */
export const events = (response: ServerResponse, ...frames: string[]): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const frame of frames) response.write(frame);
};
