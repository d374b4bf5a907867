import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Generous, because a busy machine must not turn a slow test into a failed one.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // By default one processor is left idle: on two, only one file at a time would run.
    maxWorkers: '100%',
    coverage: {
      include: ['src/**', 'plugins/**'],
      // They run in child processes and worker threads, where their system tests do not see them.
      exclude: ['src/cli/commands/**', 'src/cli/dvbcss.ts', '**/wall-clock-worker.ts'],
      reporter: ['text-summary', 'html'],
      reportOnFailure: true,
      // A little below what the unit and integration tests reach.
      thresholds: { statements: 87, branches: 84, functions: 86, lines: 89 },
    },
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
          // Browsers, benches and trials measure: one file at a time, and none beside those of other projects.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
