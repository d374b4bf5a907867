import type { WallClockClient } from './wall-clock-client.js'

/** The wall clock is asked every second; a further answer or two may be lost. */
const CONFIRMATION_SECONDS = 2.5

/**
 * Waits for an answer of the wall clock that agrees with it, without making it unavailable meanwhile. If an answer
 * contradicts it, or none comes, the wall clock has to prove itself before it is available again.
 *
 * @param done called once, unless it is cancelled.
 * @returns cancels it.
 */
export function confirmWallClock(client: WallClockClient, done: () => void): () => void {
  const cancel = (): void => {
    clearTimeout(timer)
    for (const off of offs) off()
  }
  const end = (agrees: boolean): void => {
    cancel()
    if (!agrees) client.recheck()
    done()
  }
  const timer = setTimeout(() => end(false), CONFIRMATION_SECONDS * 1000)
  let isContradicted = false
  const offs = [
    client.on('protocolError', ({ reason }) => {
      if (reason === 'inconsistent') isContradicted = true
    }),
    client.on('candidate', () => {
      for (const off of offs.splice(1)) off()
      // A contradiction is reported after the answer, in the same turn.
      queueMicrotask(() => end(!isContradicted && client.clock.available))
    }),
  ]
  return cancel
}
