import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/build.ts', 'test/setup/examples.ts', 'test/setup/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two workers: the sandbox and the packer start threads and containers of their own.
    maxWorkers: 2,
  },
});
