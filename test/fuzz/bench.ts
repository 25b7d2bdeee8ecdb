/** What the fuzz campaign runs on: a real Temporal server, the real workflows and the real API. */
import type { LightMyRequestResponse } from 'fastify';
import { buildApp } from '../../api/app.ts';
import { createTemporal } from '../../api/temporal.ts';
import { openLab } from '../workflows/lab.ts';
import type { World } from '../workflows/world.ts';
import type { Campaign } from './campaign.ts';

export interface FuzzBench {
  campaign: Campaign;
  ask(url: string): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

const token = 'a-token-for-fuzzing-only';

/** Workers run until it is closed. */
export async function openFuzzBench(seed: number): Promise<FuzzBench> {
  const lab = await openLab();
  const app = await buildApp({ temporal: createTemporal(lab.env.client), token });
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let running: Promise<void> = Promise.resolve();
  const world = await new Promise<World>((resolve) => {
    running = lab.withWorld(async (w) => {
      resolve(w);
      await ended;
    });
  });
  return {
    campaign: { lab, world, app, token, seed },
    ask: (url) => app.inject({ url, headers: { authorization: `Bearer ${token}` } }),
    close: async () => {
      end();
      await running;
      await app.close();
      await lab.close();
    },
  };
}
