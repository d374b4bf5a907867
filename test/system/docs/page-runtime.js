// Imported first by the program that a page makes: captures what the page prints, to compare it with what the page says.

/** A pattern for all that the program prints. */
const PATTERN = process.env.DOCS_PATTERN ?? ''
const WAIT_MS = 30_000
/** For output that the page does not show. */
const SETTLE_MS = 200

let printed = ''
let changed = () => {}
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = /** @type {typeof process.stdout.write} */ (
  (chunk) => {
    printed += chunk
    changed()
    return true
  }
)

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Ends the program once it has printed what the page says, and nothing more. */
export async function end() {
  if (PATTERN === '') await pause(SETTLE_MS)
  else {
    const deadline = performance.now() + WAIT_MS
    const matches = () => new RegExp(`^${PATTERN}$`).test(printed)
    while (!matches() && performance.now() < deadline) {
      await Promise.race([new Promise((resolve) => (changed = () => resolve(undefined))), pause(100)])
    }
    if (matches()) await pause(SETTLE_MS)
    if (!matches()) {
      const expected = PATTERN.replaceAll('\\n', '\n').replaceAll(/\\(.)/g, '$1').replaceAll('.*?', '…')
      throw new Error(`printed:\n${printed}\ninstead of\n${expected}`)
    }
  }
  write('the program printed what the page says\n', () => process.exit(0))
}
