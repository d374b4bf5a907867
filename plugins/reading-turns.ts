/** Milliseconds in one turn of the event loop for connections that have yielded, before timers and the other sockets are served. */
const TURN_MILLISECONDS = 5

// One queue for all apps: they share the event loop, and with it the 5 ms.
const yielded: (() => void)[] = []
let isScheduled = false
let turnBegan = 0

/**
 * Calls back in a later turn of the event loop. Of several callers, as many have their turn at once as fit into 5 ms: otherwise
 * ten connections that flood would block the others for ten times as long as one.
 */
export function yieldTurn(resume: () => void): void {
  yielded.push(resume)
  if (isScheduled) return
  isScheduled = true
  setImmediate(beginTurn)
}

function beginTurn(): void {
  turnBegan = performance.now()
  next()
}

function next(): void {
  const resume = yielded.shift()
  if (resume === undefined) {
    isScheduled = false
    return
  }
  resume()
  // A socket that is resumed emits its data in the next tick, which comes before this one.
  process.nextTick(afterData)
}

function afterData(): void {
  if (performance.now() - turnBegan < TURN_MILLISECONDS) next()
  else setImmediate(beginTurn)
}
