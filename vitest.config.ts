import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` is pure and quick (domain, contracts, tidy); `real` starts servers, brokers
 * and browsers, so its files run one after another (two cores are not enough for two clusters).
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{contracts,domain,cli,tidy}/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'real',
          include: [
            'test/{providers,activities,workflows,fuzz,replay,api,system,stack,browser,crash}/**/*.test.ts',
            'test/kafka-config/**/*.test.ts',
          ],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
