import type { ProtocolErrorEvent, ReconnectingSocketOptions } from '../../companion/connections/index.js'
import type { CompanionForgiven, CompanionSource } from '../../companion/index.js'
import { jsonLine, visibleLine, visibleLines } from '../../validation/index.js'
import { EXIT, type ExitCode, LiveLine, Output } from '../terminal/index.js'

/** The options that all tools have. */
export interface ToolOptions {
  json?: boolean
  seconds?: number | undefined
  /** False with --no-retry. */
  retry: boolean
  strict?: boolean
}

/**
 * The tools show what a server does as it happens. Few of them run at once, so their reconnections need not be spread
 * over the usual five seconds; and a flood of messages may be what the user wants to look at.
 */
export const TOOL_CONNECTION: ReconnectingSocketOptions = {
  backoff: { initialSeconds: 1 },
  maxMessagesPerSecond: 10_000,
}

/** How the protocols are called in messages. */
export const SOURCES: Readonly<Record<CompanionSource, string>> = { cii: 'CSS-CII', wc: 'CSS-WC', ts: 'CSS-TS' }

/** Sockets that are still open after this are closed by the end of the process. */
const CLOSE_MILLIS = 500
/** How long to wait at the end for a reader of the output that is behind. */
const FLUSH_MILLIS = 5000
const SIGNALLED_FLUSH_MILLIS = 500

/**
 * One run of a tool: its output and its end. It ends when it has done what was asked, when it fails, or on a signal, and
 * restores the terminal.
 */
export class ToolRun {
  readonly isJson: boolean
  /** The error of a run that ends without any data. */
  noDataText: string
  readonly #name: string
  readonly #options: ToolOptions
  readonly #stdout: Output
  readonly #stderr = new Output(process.stderr)
  readonly #line: LiveLine
  readonly #endings: (() => void)[] = []
  readonly #summaries: (() => void)[] = []
  /** Deviations that were shown: a television repeats them in every message. */
  readonly #shownDeviations = new Set<string>()
  #hasReceived = false
  /** The latest problem, which explains why no data were received. */
  #problem: { text: string; exitCode: ExitCode } | undefined
  #hasEnded = false

  /** @param name as in `dvbcss name` */
  constructor(name: string, options: ToolOptions, noDataText = 'no data received') {
    this.#name = name
    this.noDataText = noDataText
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
    const timer = setTimeout(() => this.finish(), seconds * 1000)
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
    this.#summaries.push(summary)
  }

  /** Calls `act` at this interval until the run ends. */
  every(seconds: number, act: () => void): void {
    const timer = setInterval(act, seconds * 1000)
    this.atEnd(() => clearInterval(timer))
  }

  /** Records that valid data were received. A run that ends without any has failed. */
  markReceived(): void {
    this.#hasReceived = true
  }

  /** For programs: one object per line. */
  record(event: string, fields: object = {}): void {
    if (this.isJson && !this.#hasEnded) this.#stdout.write(`${jsonLine({ event, ...fields })}\n`)
  }

  /** For people: permanent lines. They may contain text from a server, whose line breaks are escaped. */
  print(lines: string | readonly string[]): void {
    if (this.isJson || this.#hasEnded) return
    const text = visibleLines([lines].flat()).join('\n')
    this.#line.around(() => this.#stdout.write(`${text}\n`))
  }

  /** For people: the present state, in a line that the next one replaces on a terminal. */
  live(text: string): void {
    if (!this.isJson && !this.#hasEnded) this.#line.show(visibleLine(text))
  }

  /** For people, on stderr: events and problems. */
  notify(text: string): void {
    if (!this.isJson && !this.#hasEnded) this.#writeError(text)
  }

  /** An invalid message was received. */
  reportInvalid(text: string): void {
    this.#problem = { text, exitCode: EXIT.violation }
    this.notify(text)
  }

  /**
   * A protocol error of a client: one that it forgave is shown once of each kind, because a television repeats it.
   * @param source to begin the line with, such as `CSS-TS: `; may be empty.
   */
  reportProtocolError(source: string, { reason, detail, forgiven }: ProtocolErrorEvent): void {
    if (forgiven !== true) {
      this.reportInvalid(`${source}invalid message: ${detail}`)
      return
    }
    const key = `${source}${reason}`
    if (this.#shownDeviations.has(key)) return
    this.#shownDeviations.add(key)
    this.notify(`${source}accepted ${reason}: ${detail}`)
  }

  /** Shows at the end how often a television has deviated from the specification, if it has. */
  summariseForgiven(counts: () => Partial<CompanionForgiven>): void {
    this.summarise(() => {
      const forgiven = counts()
      const texts = Object.entries(forgiven).flatMap(([source, kinds]) =>
        Object.entries(kinds).map(([kind, count]) => `${SOURCES[source as CompanionSource]} ${kind} ${count}`),
      )
      if (texts.length === 0) return
      this.record('forgiven', forgiven)
      this.notify(`accepted deviations: ${texts.join(', ')}`)
    })
  }

  /** A connection was lost or could not be made. Ends the run with --no-retry. */
  reportNoConnection(text: string, retryInSeconds: number | undefined): void {
    this.#problem = { text, exitCode: EXIT.noConnection }
    if (!this.#options.retry) this.fail(text, EXIT.noConnection)
    else this.notify(retryInSeconds === undefined ? text : `${text}; reconnecting in ${retryInSeconds.toFixed(1)} s`)
  }

  /** Ends the run: successfully if data were received. */
  finish(): void {
    if (this.#hasEnded) return
    if (this.#hasReceived) this.#end(EXIT.success)
    else if (this.#problem === undefined) this.fail(this.noDataText, EXIT.timedOut)
    else this.fail(`${this.noDataText}: ${this.#problem.text}`, this.#problem.exitCode)
  }

  /** Ends the run with this error. */
  fail(text: string, exitCode: ExitCode): void {
    if (this.#hasEnded) return
    this.record('failed', { detail: text, exitCode })
    // Also with --json, because a script's log is where the user looks first.
    this.#writeError(text)
    this.#end(exitCode)
  }

  #writeError(text: string): void {
    this.#line.around(() => this.#stderr.write(`dvbcss ${this.#name}: ${visibleLine(text)}\n`))
  }

  #signalled(exitCode: ExitCode): void {
    process.once('SIGINT', () => process.exit(exitCode))
    process.once('SIGTERM', () => process.exit(exitCode))
    this.#end(exitCode, SIGNALLED_FLUSH_MILLIS)
  }

  #outputFailed(error: NodeJS.ErrnoException): void {
    // The reader has exited, as `head` does when it has enough lines.
    if (error.code === 'EPIPE') process.exit(EXIT.success)
    this.#stderr.write(`dvbcss ${this.#name}: cannot write output: ${error.message}\n`)
    process.exit(EXIT.failure)
  }

  #end(exitCode: ExitCode, flushMillis = FLUSH_MILLIS): void {
    if (this.#hasEnded) return
    process.exitCode = exitCode
    this.#line.end()
    for (const summarise of this.#summaries) summarise()
    // From here on connections close because the run ends: their events are not reported.
    this.#hasEnded = true
    for (const close of this.#endings) close()
    const flushed = [this.#stdout, this.#stderr].map((output) => output.flushed(flushMillis))
    void Promise.all(flushed).then(() => setTimeout(() => process.exit(), CLOSE_MILLIS).unref())
  }
}
