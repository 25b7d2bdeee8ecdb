/**
 * Why a machine is not running, for people: the cloud's reason, and what its log says at its end.
 * Nothing secret leaves here: what a broker booted with may be quoted in its log.
 */
import type { StepScope } from '../../contracts/scope.ts';
import type { Cloud, CloudInstance } from '../../providers/cloud/cloud.ts';
import type { ClusterSecrets } from '../../providers/secrets/secrets.ts';
import type { ActivityDeps } from './deps.ts';
import { cloudOf } from './slots.ts';

/** Longest quotation of a log in a failure, in characters; its end is what tells. */
const quotedMax = 1_200;

/**
 * One line: what stopped, why, the end of its log, and where all of it is. Read-only; a log that
 * cannot be read is left out, since the reason is what matters.
 */
export async function endOfMachine(
  deps: ActivityDeps,
  scope: StepScope,
  instance: CloudInstance,
): Promise<string> {
  const { id, state, stateReason, logFile } = instance;
  const log = await quotedLog(deps, scope, instance);
  return [
    `instance ${id} is ${state}${stateReason ? ` (${stateReason})` : ''}`,
    ...(log ? [`its log ends: ${log}`] : []),
    ...(logFile ? [`all of it: ${logFile}`] : []),
  ].join('; ');
}

async function quotedLog(
  deps: ActivityDeps,
  scope: StepScope,
  { id }: CloudInstance,
): Promise<string> {
  const cloud: Cloud = cloudOf(deps, scope.provider);
  const text = await cloud.consoleOutput({ id }).catch(() => '');
  const secrets = await deps.secrets.read(scope.cluster).catch(() => undefined);
  // Without the secrets nobody can say what would have to be taken out.
  if (!secrets) return '';
  const line = withoutSecrets(text, secrets)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' | ');
  return line.length <= quotedMax ? line : `… ${line.slice(-quotedMax)}`;
}

/** The text with every password of the cluster, and whatever looks like one, as `***`. */
function withoutSecrets(text: string, secrets: ClusterSecrets): string {
  const known = [...Object.values(secrets.passwords), secrets.directorySeed];
  const masked = known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return masked.replaceAll(/(password\s*[=:]\s*)("[^"]*"|[^\s"\],;]+)/gi, '$1***');
}
