/**
 * The API process. Connects lazily: it starts, and answers 503, while Temporal is away. Prints one
 * JSON line with its address; SIGTERM and SIGINT close it cleanly.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { settingsFrom } from '../contracts/settings.ts';
import { buildApp } from './app.ts';
import { connectLazily } from './connection.ts';
import { createTemporal } from './temporal.ts';

async function main(): Promise<void> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = connectLazily(connectionOptions);
  const client = new Client({ connection, ...(namespace ? { namespace } : {}) });
  const app = await buildApp({
    temporal: createTemporal(client),
    token: tokenFrom(process.env),
    logging: process.env.ASGARD_API_LOG === 'on' ? 'all' : 'problems',
  });
  const host = process.env.ASGARD_API_HOST || '127.0.0.1';
  const url = await app.listen({ host, port: Number(process.env.ASGARD_API_PORT || 0) });
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
  const close = async () => {
    await app.close();
    await connection.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close());
}

/** ASGARD_TOKEN, or the development token that `npm start` has made. */
function tokenFrom(env: NodeJS.ProcessEnv): string {
  const token =
    env.ASGARD_TOKEN || readFileSync(settingsFrom(env, homedir()).paths.tokenFile, 'utf8').trim();
  if (token.length < 16) throw new Error('the API token must have 16 characters or more');
  return token;
}

await main();
