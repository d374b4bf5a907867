import type { WriteStream } from 'node:tty'

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
  readonly #stream: WriteStream
  #text = ''
  #isCursorHidden = false

  constructor(stream: WriteStream) {
    this.#stream = stream
    this.isLive = stream.isTTY === true && process.env.TERM !== 'dumb'
  }

  show(text: string): void {
    if (!this.isLive) {
      this.#stream.write(`${text}\n`)
      return
    }
    this.#text = text
    this.#draw()
  }

  /** Calls `write` where the line would be in its way, which may write lines to this terminal. */
  around(write: () => void): void {
    if (this.#text !== '') this.#stream.write(CLEAR)
    write()
    if (this.#text !== '') this.#draw()
  }

  /** Leaves the last text where it is, and the terminal as it was. May be called more than once. */
  end(): void {
    if (this.#text !== '') this.#stream.write('\n')
    this.#text = ''
    if (this.#isCursorHidden) this.#stream.write(SHOW_CURSOR)
    this.#isCursorHidden = false
  }

  #draw(): void {
    const hide = this.#isCursorHidden ? '' : HIDE_CURSOR
    this.#isCursorHidden = true
    // A line that is wrapped cannot be written over.
    const columns = (this.#stream.columns || DEFAULT_COLUMNS) - 1
    this.#stream.write(`${hide}${CLEAR}${[...this.#text].slice(0, columns).join('')}`)
  }
}
