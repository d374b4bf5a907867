import type { WallClockClient } from './wall-clock/index.js'

/** The first request is sent at once and repeated after one second. This allows for the loss of both. */
const CONFIRMATION_SECONDS = 2.5

/**
 * Requests a wall clock measurement and waits for one that is consistent with the clock, which stays available meanwhile. If the
 * measurement contradicts the clock, or none arrives, the clock is unavailable until it has been re-established.
 *
 * @param done called once, unless the confirmation is cancelled.
 * @returns a function that cancels the confirmation.
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
    // The clock's availability is updated later in the same turn of the event loop.
    queueMicrotask(() => {
      if (!isOver) end(consistent && client.clock.available)
    })
  })
  client.askNow()
  return cancel
}
