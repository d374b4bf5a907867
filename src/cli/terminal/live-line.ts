import type { Output } from './output.js'

const CLEAR = '\r\x1b[K'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const DEFAULT_COLUMNS = 80

/**
 * The last line of a terminal, written over and over. Where the output is no terminal, each writing of it is a line of
 * its own, and nothing but text is written.
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
    // Who looks again wants the present line, not those in between.
    if (!this.#output.isBehind) this.#draw()
  }

  /** Calls `write` where the line would be in its way, which may write lines to this terminal. */
  around(write: () => void): void {
    if (this.#text !== '') this.#output.write(CLEAR)
    write()
    if (this.#text !== '') this.#draw()
  }

  /** Leaves the last text where it is, and the terminal as it was. May be called more than once. */
  end(): void {
    if (this.#text !== '') this.#output.write('\n')
    this.#text = ''
    if (this.#isCursorHidden) this.#output.write(SHOW_CURSOR)
    this.#isCursorHidden = false
  }

  #draw(): void {
    const hide = this.#isCursorHidden ? '' : HIDE_CURSOR
    this.#isCursorHidden = true
    // A line that is wrapped cannot be written over.
    const columns = (this.#output.columns || DEFAULT_COLUMNS) - 1
    this.#output.write(`${hide}${CLEAR}${[...this.#text].slice(0, columns).join('')}`)
  }
}
