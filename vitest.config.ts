import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Generous, because a busy machine must not turn a slow test into a failed one.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: ['test/system/browser/global-setup.ts'],
        },
      },
    ],
  },
})
