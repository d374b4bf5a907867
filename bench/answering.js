// @ts-check
// The other side of processes.js: a child process that answers the questions of the bench.
import process from 'node:process'

/** Milliseconds of a clock that all processes of the machine share. */
export const sharedMillis = () => Number(process.hrtime.bigint()) / 1e6

/** Microseconds of CPU time, user and system. */
export function cpuMicros() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Bytes after garbage collection: what V8 and its buffers hold, and what the operating system has given. */
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

/** The options that the bench has started this process with. @returns {any} */
export const startOptions = () => JSON.parse(process.argv[2] ?? '{}')
