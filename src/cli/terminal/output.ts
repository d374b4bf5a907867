/** Bytes to buffer for a reader that is behind: thousands of lines, and little compared with the memory of the process. */
const MAX_WAITING_BYTES = 256 * 1024

export interface OutputOptions {
  /** The line that states how many lines were dropped before it, without its line feed. */
  droppedText?: (lines: number) => string
  /** The output has failed for good: EPIPE if its reader has exited. */
  failed?: (error: NodeJS.ErrnoException) => void
}

/**
 * Standard output or standard error that never blocks the process: if the reader stops (a pager, Ctrl-S, a stuck log
 * shipper), output is buffered up to a limit, then whole lines are dropped and counted until the reader has caught up.
 */
export class Output {
  readonly #stream: NodeJS.WriteStream
  readonly #droppedText: (lines: number) => string
  #dropped = 0
  #hasFailed = false

  constructor(stream: NodeJS.WriteStream, options: OutputOptions = {}) {
    this.#stream = stream
    const { droppedText = (lines) => `${lines} lines dropped: output was not read`, failed } = options
    this.#droppedText = droppedText
    if (stream.isTTY === true) makeNonBlocking(stream)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#hasFailed = true
      failed?.(error)
    })
    stream.on('drain', () => this.#caughtUp())
  }

  get isTTY(): boolean {
    return this.#stream.isTTY === true
  }

  get columns(): number | undefined {
    return this.#stream.columns
  }

  /** Whether buffered output is waiting for the reader. */
  get isBehind(): boolean {
    return this.#stream.writableLength > 0
  }

  /** Writes whole lines, or drops them. */
  write(text: string): void {
    if (this.#hasFailed) return
    if (this.#dropped > 0 || this.#stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += text.split('\n').length - 1
      return
    }
    this.#stream.write(text)
  }

  #caughtUp(): void {
    const dropped = this.#dropped
    this.#dropped = 0
    if (dropped > 0) this.write(`${this.#droppedText(dropped)}\n`)
  }

  /** Resolves when everything has been written, when the output has failed, or after a timeout. */
  async flushed(milliseconds: number): Promise<void> {
    if (this.#hasFailed || !this.isBehind) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      // Callbacks are called in the order of the writes.
      this.#stream.write('', done)
      this.#stream.once('error', done)
    })
  }
}

/**
 * Node writes to terminals synchronously, so that nothing is lost at process.exit(): a terminal stopped with Ctrl-S would
 * block the whole process. Node has no public API to change that.
 */
function makeNonBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } }
  handle?.setBlocking?.(false)
}
