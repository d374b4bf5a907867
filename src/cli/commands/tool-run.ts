import { jsonLine, visibleLine, visibleLines } from '../../validation/index.js'
import { LiveLine, Output } from '../terminal/index.js'

/** What every tool is told on its command line. */
export interface ToolOptions {
  json?: boolean
  seconds?: number
  /** False with --no-retry. */
  retry: boolean
}

export const EXIT = { ended: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const

/** Sockets close within this, or are left to the end of the process. */
const CLOSE_MILLIS = 500
/** How long the end waits for a reader that has not taken everything; after a signal, somebody wants it to end. */
const FLUSH_MILLIS = 5000
const SIGNALLED_FLUSH_MILLIS = 500

/**
 * One run of a tool: what it writes, and how it ends. It ends when it has done what was asked, when it fails, or on a
 * signal, and leaves the terminal as it was.
 */
export class ToolRun {
  readonly isJson: boolean
  readonly #name: string
  readonly #options: ToolOptions
  readonly #stdout: Output
  readonly #stderr = new Output(process.stderr)
  readonly #line: LiveLine
  readonly #endings: (() => void)[] = []
  #summary: (() => void) | undefined
  #hasHeard = false
  #hasEnded = false

  /** @param name as in `dvbcss name`. */
  constructor(name: string, options: ToolOptions) {
    this.#name = name
    this.#options = options
    this.isJson = options.json === true
    this.#stdout = new Output(process.stdout, {
      droppedText: (lines) =>
        this.isJson
          ? jsonLine({ event: 'dropped', lines })
          : `dvbcss ${name}: ${lines} lines dropped: output was not read`,
      failed: (error) => this.#outputFailed(error),
    })
    this.#line = new LiveLine(this.#stdout)
    process.once('SIGINT', () => this.#signalled(EXIT.interrupted))
    process.once('SIGTERM', () => this.#signalled(EXIT.terminated))
    process.once('exit', () => this.#line.end())
    // Before the error is written, so that it does not end up in the line.
    process.once('uncaughtExceptionMonitor', () => this.#line.end())
    const { seconds } = options
    if (seconds === undefined) return
    const timer = setTimeout(() => this.done(), seconds * 1000)
    this.atEnd(() => clearTimeout(timer))
  }

  /** Whether the line of {@link live} is rewritten in place. */
  get isLive(): boolean {
    return !this.isJson && this.#line.isLive
  }

  /** Calls `close` when the run ends. */
  atEnd(close: () => void): void {
    this.#endings.push(close)
  }

  /** Calls `summary` when the run ends, before anything is closed; it may write. */
  summarise(summary: () => void): void {
    this.#summary = summary
  }

  /** Calls `act` every so many seconds until the run ends. */
  every(seconds: number, act: () => void): void {
    const timer = setInterval(act, seconds * 1000)
    this.atEnd(() => clearInterval(timer))
  }

  /** A server has said something: the run is worth something. */
  heard(): void {
    this.#hasHeard = true
  }

  /** For programs: one object a line. */
  record(event: string, fields: object = {}): void {
    if (this.isJson && !this.#hasEnded) this.#stdout.write(`${jsonLine({ event, ...fields })}\n`)
  }

  /** For people: lines that stay. What a server has said may be in them, but no line break of its making. */
  print(lines: string | readonly string[]): void {
    if (this.isJson || this.#hasEnded) return
    const text = visibleLines([lines].flat()).join('\n')
    this.#line.around(() => this.#stdout.write(`${text}\n`))
  }

  /** For people: how things stand, in a line that the next one replaces on a terminal. */
  live(text: string): void {
    if (!this.isJson && !this.#hasEnded) this.#line.show(visibleLine(text))
  }

  /** For people, aside from the output: what went wrong. */
  complain(text: string): void {
    if (this.isJson || this.#hasEnded) return
    this.#line.around(() => this.#stderr.write(`dvbcss ${this.#name}: ${visibleLine(text)}\n`))
  }

  /** A connection was lost or refused. Ends the run where it is not to be tried again. */
  lost(text: string, retryInSeconds: number | undefined): void {
    if (!this.#options.retry) this.fail(text)
    else this.complain(retryInSeconds === undefined ? text : `${text}; again in ${retryInSeconds.toFixed(1)} s`)
  }

  /** What was asked for is done, as far as it could be. */
  done(): void {
    if (this.#hasEnded) return
    if (this.#hasHeard) this.#end(EXIT.ended)
    else this.fail('nothing was heard')
  }

  fail(text: string): void {
    if (this.#hasEnded) return
    if (this.isJson) this.record('failed', { detail: text })
    // Also under --json: a script's log is where it is looked for.
    this.#line.around(() => this.#stderr.write(`dvbcss ${this.#name}: ${visibleLine(text)}\n`))
    this.#end(EXIT.failed)
  }

  #signalled(code: number): void {
    process.once('SIGINT', () => process.exit(code))
    process.once('SIGTERM', () => process.exit(code))
    this.#end(code, SIGNALLED_FLUSH_MILLIS)
  }

  #outputFailed(error: NodeJS.ErrnoException): void {
    // Whoever reads the output has seen enough, as `head` does.
    if (error.code === 'EPIPE') process.exit(EXIT.ended)
    this.#stderr.write(`dvbcss ${this.#name}: could not write the output: ${error.message}\n`)
    process.exit(EXIT.failed)
  }

  #end(code: number, flushMillis = FLUSH_MILLIS): void {
    if (this.#hasEnded) return
    process.exitCode = code
    this.#line.end()
    this.#summary?.()
    // What closes now was not lost.
    this.#hasEnded = true
    for (const close of this.#endings) close()
    const flushed = [this.#stdout, this.#stderr].map((output) => output.flushed(flushMillis))
    void Promise.all(flushed).then(() => setTimeout(() => process.exit(), CLOSE_MILLIS).unref())
  }
}
