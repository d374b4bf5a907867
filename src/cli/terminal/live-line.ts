import type { Output } from './output.js'

const CLEAR = '\r\x1b[K'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const DEFAULT_COLUMNS = 80

/**
 * The last line of a terminal, rewritten in place. If the output is not a terminal, each text becomes a line of its own,
 * without escape codes.
 */
export class LiveLine {
  readonly isLive: boolean
  readonly #output: Output
  #text = ''
  #isCursorHidden = false

  constructor(output: Output) {
    this.#output = output
    this.isLive = output.isTTY && process.env.TERM !== 'dumb'
  }

  show(text: string): void {
    if (!this.isLive) {
      this.#output.write(`${text}\n`)
      return
    }
    this.#text = text
    // A reader that is behind needs only the latest text.
    if (!this.#output.isBehind) this.#draw()
  }

  /** Clears the line, calls `write`, which may write lines to this terminal, and draws the line again. */
  around(write: () => void): void {
    if (this.#text !== '') this.#output.write(CLEAR)
    write()
    if (this.#text !== '') this.#draw()
  }

  /** Keeps the last text, and restores the cursor. May be called more than once. */
  end(): void {
    if (this.#text !== '') this.#output.write('\n')
    this.#text = ''
    if (this.#isCursorHidden) this.#output.write(SHOW_CURSOR)
    this.#isCursorHidden = false
  }

  #draw(): void {
    const hide = this.#isCursorHidden ? '' : HIDE_CURSOR
    this.#isCursorHidden = true
    // A wrapped line cannot be rewritten.
    const columns = (this.#output.columns || DEFAULT_COLUMNS) - 1
    this.#output.write(`${hide}${CLEAR}${[...this.#text].slice(0, columns).join('')}`)
  }
}
