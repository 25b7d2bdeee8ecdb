/**
 * The development stack's own Temporal server. It must not be disturbed by whatever the user's
 * shell and files say about others (for those see outside.ts).
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { searchAttributes } from '../../contracts/names.ts';
import type { Settings } from '../../contracts/settings.ts';
import type { PartOptions } from './part.ts';

type Environment = NodeJS.ProcessEnv;

/** How parts find Temporal, and how it is shown to people. */
export interface TemporalChoice {
  address: string;
  namespace: string;
  /** Of every part that talks to it. */
  env: Environment;
}

/**
 * For the stack's own server: no TEMPORAL_* variable, profile or proxy of the user gets through to
 * the parts, and no configuration file is read (the one named is never made).
 */
export function ownTemporal(env: Environment, { home }: Settings, port: number): TemporalChoice {
  const address = `127.0.0.1:${port}`;
  const foreign = /^(TEMPORAL_.*|(grpc|http|https|all)_proxy)$/i;
  const kept = Object.entries(env).filter(([name]) => !foreign.test(name));
  return {
    address,
    namespace: 'default',
    env: {
      ...Object.fromEntries(kept),
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_CONFIG_FILE: `${home}/no-temporal-config.toml`,
    },
  };
}

/** The server as a part of the stack. Anybody on this machine may talk to its ports. */
export function temporalServer(
  { paths }: Settings,
  { port, uiPort, env }: { port: number; uiPort: number; env: Environment },
): PartOptions {
  return {
    name: 'temporal',
    command: existsSync(paths.temporalCli) ? paths.temporalCli : 'temporal',
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error'],
      ...['--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', paths.temporalDatabase],
      ...Object.values(searchAttributes).flatMap((a) => ['--search-attribute', `${a}=Keyword`]),
    ],
    env,
    isReady: () => canConnect(port),
  };
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
