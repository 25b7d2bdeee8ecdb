/**
 * Where things are: one function from the environment to paths and addresses, shared by the API,
 * the workers, the CLI and the start script, so that ASGARD_HOME moves all state in one step.
 */

export interface Settings {
  /**
   * All state: cloud records, secrets, Temporal's database, logs. ASGARD_HOME, default ~/.asgard.
   */
  home: string;
  /** Downloads that any home may share. ASGARD_CACHE, XDG_CACHE_HOME/asgard or ~/.cache/asgard. */
  cache: string;
  paths: {
    /** The `local` cloud's records, disks and logs. */
    localCloud: string;
    secrets: string;
    /** What nodes were told to boot with, by digest. */
    nodeConfigs: string;
    /** Journal of mutating provider calls, one JSON line each. */
    journal: string;
    logs: string;
    temporalDatabase: string;
    /** The workflows' code as `npm start` bundled it, for its workers. */
    workflowBundle: string;
    /** What `npm start` runs now: addresses and process ids (StackFile). */
    stackFile: string;
    /** The API's development token (0600). */
    tokenFile: string;
    /** Directory of Kafka's jars; KAFKA_HOME/libs when KAFKA_HOME is set. */
    kafkaLibs: string;
    /** The Temporal CLI that install.mjs built, when none is on PATH. */
    temporalCli: string;
  };
}

/** Written by `npm start`, read by the CLI and tests. */
export interface StackFile {
  temporalAddress: string;
  /** Of the stack's own Temporal only, like its pid, which is 0 for one outside. */
  temporalUiUrl?: string;
  namespace: string;
  apiUrl: string;
  pids: { supervisor: number; temporal: number; api: number; workers: number[] };
}

export const kafkaVersion = '4.3.1';
/** The metadata.version level that this Kafka finalises when it is formatted (4.3-IV0). */
export const kafkaMetadataLevel = 30;
/**
 * Machines that the `local` cloud of one computer takes by default, those of all clusters: as many
 * as a plan may have and fit into a payload, also that of a destruction. Memory ends sooner.
 */
export const localInstancesMax = 250;
export const temporalCliVersion = '1.5.1';

/** Pure: give it process.env and os.homedir(). Paths are absolute when the inputs are. */
export function settingsFrom(
  env: Readonly<Record<string, string | undefined>>,
  userHome: string,
): Settings {
  const home = env.ASGARD_HOME || `${userHome}/.asgard`;
  const cache = env.ASGARD_CACHE || `${env.XDG_CACHE_HOME || `${userHome}/.cache`}/asgard`;
  return {
    home,
    cache,
    paths: {
      localCloud: `${home}/cloud/local`,
      secrets: `${home}/secrets`,
      nodeConfigs: `${home}/node-configs`,
      journal: `${home}/journal`,
      logs: `${home}/logs`,
      temporalDatabase: `${home}/temporal.db`,
      workflowBundle: `${home}/workflows.js`,
      stackFile: `${home}/stack.json`,
      tokenFile: `${home}/api-token`,
      kafkaLibs: env.KAFKA_HOME ? `${env.KAFKA_HOME}/libs` : `${cache}/kafka-${kafkaVersion}/libs`,
      temporalCli: `${cache}/temporal-${temporalCliVersion}/temporal`,
    },
  };
}
