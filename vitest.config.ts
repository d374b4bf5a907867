import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Generous, because a busy machine must not turn a slow test into a failed one.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // More than the processors of a small machine, because many tests wait.
    maxWorkers: Math.max(3, availableParallelism()),
    coverage: {
      include: ['src/**', 'plugins/**'],
      // The first three run in child processes and worker threads, where coverage is not measured. The system tests check
      // src/conformance against a corpus of televisions, and the pages in a browser.
      exclude: [
        'src/cli/commands/**',
        'src/cli/dvbcss.ts',
        '**/wall-clock-worker.ts',
        'src/conformance/**',
        'src/television/pages/**',
      ],
      reporter: ['text-summary', 'html'],
      reportOnFailure: true,
      // A little below what the unit and integration tests reach.
      thresholds: { statements: 92, branches: 87, functions: 91, lines: 93 },
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
