// @ts-check
// The counterpart of processes.js in a child process: answers the requests of the bench.
import process from 'node:process'

/** Milliseconds of a clock that is common to all processes of the machine. */
export const sharedMillis = () => Number(process.hrtime.bigint()) / 1e6

/** Microseconds of CPU time, user and system. */
export function cpuMicros() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Bytes after garbage collection: heap and external memory of V8, and the resident set size. */
function memory() {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

/** @param {Record<string, (details: any) => unknown>} handlers `ready` is asked first */
export function answerQuestions(handlers) {
  const all = { ready: () => ({}), cpu: cpuMicros, memory, ...handlers }
  process.on('message', async (/** @type {any} */ { id, question, details }) => {
    try {
      const handler = /** @type {Record<string, (details: any) => unknown>} */ (all)[question]
      if (handler === undefined) throw new TypeError(`unknown question "${question}"`)
      process.send?.({ id, answer: (await handler(details)) ?? null })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.stack : String(error) })
    }
  })
  process.once('disconnect', () => process.exit())
}

/** The options that the bench has passed to this process. @returns {any} */
export const startOptions = () => JSON.parse(process.argv[2] ?? '{}')
