/** Ends the present turn of the event loop: rounds of updates that were asked for in it have run when this resolves. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
