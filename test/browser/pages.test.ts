/** The API's page in a real browser. Without a system Chromium the test is skipped and says so. */
import { existsSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { createTemporal } from '../../api/temporal.ts';
import { freePort } from '../support/processes.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((p) => existsSync(p));
// Quiet start: without these a fresh profile looks for its maker's servers.
const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

describe.skipIf(!executablePath)('the API’s page in Chromium', () => {
  let app: FastifyInstance;
  let browser: Browser;
  let url = '';
  beforeAll(async () => {
    const connection = Connection.lazy({ address: `127.0.0.1:${await freePort()}` });
    const temporal = createTemporal(new Client({ connection }));
    app = await buildApp({ temporal, token: 'browser-test-token-1' });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args });
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  it('shows every group of routes and loads nothing from elsewhere', async () => {
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) elsewhere.push(request.url());
    });
    await page.goto(`${url}/docs`);
    await page.getByText('/v1/clusters/plan').first().waitFor();
    const text = await page.locator('body').textContent();
    for (const part of ['Asgard', 'clusters', 'operations', 'health']) expect(text).toContain(part);
    expect(elsewhere).toEqual([]);
  });

  it('lets a person with the token ask, and shows the problem', async () => {
    const page = await browser.newPage();
    const answer = await page.goto(`${url}/v1/clusters`);
    expect(answer?.status()).toBe(401);
    expect(await page.locator('body').textContent()).toContain('urn:asgard:error:Unauthorized');
  });
});
