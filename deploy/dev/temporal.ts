/**
 * Which Temporal the development stack uses: its own, or one that the user names by a profile. Its
 * own must not be disturbed by whatever the user's shell and files say about others.
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { loadClientConnectConfig } from '@temporalio/envconfig';
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

/**
 * For a Temporal of the user's: the profile of that name in Temporal's usual configuration file,
 * over which TEMPORAL_* variables win, as for `temporal --profile`. Fails when there is none.
 */
export function temporalOfProfile(env: Environment, profile: string): TemporalChoice {
  const file = env.TEMPORAL_CONFIG_FILE ?? 'the usual configuration file of Temporal';
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      profile,
      overrideEnvVars: env as Record<string, string>,
    });
    return {
      address: connectionOptions.address ?? '127.0.0.1:7233',
      namespace: namespace ?? 'default',
      env: { ...env, TEMPORAL_PROFILE: profile },
    };
  } catch (error) {
    throw new Error(
      `the Temporal profile \`${profile}\` cannot be used (${file}): ${(error as Error).message}`,
    );
  }
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
