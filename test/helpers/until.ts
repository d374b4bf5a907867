/** The real ones, also while a test fakes timers. */
const { setImmediate, setTimeout } = globalThis

const QUICK_TURNS = 200
const PATIENCE_MILLIS = 25_000

/**
 * Resolves when a condition of this process holds. Looks after each turn of the event loop, and after a while once in a
 * millisecond, to leave the processor to those it waits for.
 *
 * @throws Error with the condition if it does not hold after 25 s
 */
export async function until(holds: () => boolean): Promise<void> {
  const end = process.hrtime.bigint() + BigInt(PATIENCE_MILLIS) * 1_000_000n
  for (let turns = 0; !holds(); turns++) {
    if (process.hrtime.bigint() > end) throw new Error(`not within ${PATIENCE_MILLIS / 1000} s: ${holds}`)
    await new Promise<void>((resolve) => {
      if (turns < QUICK_TURNS) setImmediate(resolve)
      else setTimeout(resolve, 1)
    })
  }
}
