import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/browser/global-setup.ts'],
    // Generous, because a busy machine must not turn a slow test into a failed one.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
