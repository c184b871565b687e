import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/build.ts', 'test/setup/examples.ts', 'test/setup/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The sandbox and the packer start threads and containers of their own, but much of the time is waited for: one more than there are cores here.
    maxWorkers: 3,
  },
});
