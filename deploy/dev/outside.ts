/**
 * A Temporal outside the stack, named by a profile of the user's: read, and asked once before
 * anything is started, so that what is wrong is told here and not by four processes at once.
 */
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { searchAttributes } from '../../contracts/names.ts';
import type { TemporalChoice } from './temporal.ts';

type Configured = ReturnType<typeof loadClientConnectConfig>;

const answerWithinMs = 10_000;

/**
 * The profile of that name in Temporal's configuration file, over which TEMPORAL_* variables win,
 * as for `temporal --profile`. Fails with the cause when there is none, when nobody answers there,
 * or when Asgard's search attributes are missing.
 */
export async function temporalOfProfile(
  env: NodeJS.ProcessEnv,
  profile: string,
): Promise<TemporalChoice> {
  const file = env.TEMPORAL_CONFIG_FILE ?? 'the usual configuration file of Temporal';
  const refused = (why: string) =>
    new Error(`the Temporal profile \`${profile}\` (${file}) cannot be used: ${why}`);
  try {
    const overrideEnvVars = env as Record<string, string>;
    const configured = loadClientConnectConfig({ profile, overrideEnvVars });
    const address = configured.connectionOptions.address ?? '127.0.0.1:7233';
    const namespace = configured.namespace ?? 'default';
    await greet(address, configured);
    await requireSearchAttributes(configured, { namespace, profile });
    return { address, namespace, env: { ...env, TEMPORAL_PROFILE: profile } };
  } catch (error) {
    throw refused((error as Error).message);
  }
}

/** HTTP/2's first words and an empty SETTINGS frame; a server that lets us in answers. */
const greeting = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** By hand, since gRPC's clients tell a refused certificate as a time-out, without the cause. */
function greet(address: string, configured: Configured): Promise<void> {
  const { socket, secure } = dial(address, configured);
  let timer: NodeJS.Timeout | undefined;
  return new Promise<void>((resolve, reject) => {
    const refuse = (why: string) => reject(new Error(`${address} ${why}`));
    timer = setTimeout(() => refuse(`did not answer within ${answerWithinMs} ms`), answerWithinMs);
    socket.once('data', () => resolve());
    socket.on('error', ({ message }) => refuse(`cannot be used: ${message}`));
    socket.once('close', () =>
      refuse(
        secure
          ? 'closed the connection, as servers do that do not accept the client certificate'
          : 'closed the connection; does it want TLS?',
      ),
    );
    socket.write(greeting);
  }).finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function dial(address: string, { connectionOptions: { tls, apiKey } }: Configured) {
  const [, host = address, port = '7233'] = /^(.*):(\d+)$/.exec(address) ?? [];
  const place = { host, port: Number(port) };
  if (!(tls ?? apiKey)) return { socket: connectTcp(place), secure: false };
  const given = typeof tls === 'object' ? tls : undefined;
  const pair = given?.clientCertPair;
  const name = given?.serverNameOverride ?? host;
  const socket = connectTls({
    ...place,
    ALPNProtocols: ['h2'],
    // Not for an address; the certificate is then compared with `host`.
    ...(isIP(name) ? {} : { servername: name }),
    ...(given?.serverRootCACertificate ? { ca: Buffer.from(given.serverRootCACertificate) } : {}),
    ...(pair ? { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) } : {}),
  });
  return { socket, secure: true };
}

/** Only where the server answers this question; Temporal Cloud does not. */
async function requireSearchAttributes(
  { connectionOptions }: Configured,
  { namespace, profile }: { namespace: string; profile: string },
): Promise<void> {
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: answerWithinMs,
  });
  try {
    const known = await connection
      .withDeadline(Date.now() + answerWithinMs, () =>
        connection.operatorService.listSearchAttributes({ namespace }),
      )
      .catch(() => undefined);
    if (!known) return;
    const missing = Object.values(searchAttributes).filter((a) => !known.customAttributes?.[a]);
    if (missing.length === 0) return;
    // The command pairs names with types; a type that is given once makes the first name only.
    const options = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
    throw new Error(
      `namespace ${namespace} lacks search attributes; make them with\n` +
        `  temporal operator search-attribute create --profile ${profile} ${options}`,
    );
  } finally {
    await connection.close();
  }
}
