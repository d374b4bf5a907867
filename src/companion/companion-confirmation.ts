import type { WallClockClient } from './wall-clock/index.js'

/** The wall clock is asked at once, and again after a second without an answer; that answer may be lost as well. */
const CONFIRMATION_SECONDS = 2.5

/**
 * Asks the wall clock at once, and waits for an answer that agrees with it, without making it unavailable meanwhile. If an answer
 * contradicts it, or none comes, the wall clock has to prove itself before it is available again.
 *
 * @param done called once, unless it is cancelled.
 * @returns cancels it.
 */
export function confirmWallClock(client: WallClockClient, done: () => void): () => void {
  let isOver = false
  const cancel = (): void => {
    isOver = true
    clearTimeout(timer)
    off()
  }
  const end = (agrees: boolean): void => {
    cancel()
    if (!agrees) client.recheck()
    done()
  }
  const timer = setTimeout(() => end(false), CONFIRMATION_SECONDS * 1000)
  const off = client.on('candidate', ({ consistent }) => {
    off()
    // The availability follows the answer in the same turn.
    queueMicrotask(() => {
      if (!isOver) end(consistent && client.clock.available)
    })
  })
  client.askNow()
  return cancel
}
