import { CorrelatedClock, Correlation, SystemClock } from '../../../clocks/index.js'
import type { RemoteEndpoint } from '../../../udp/index.js'
import { LatencyHistogram, type RequestHandler, WallClockHandler, type WallClockHandlerOptions } from '../index.js'
import type { IsolatedClockLine } from './isolated-clock-line.js'
import type { SharedCounters } from './isolated-counters.js'
import type { ClockLineReader } from './isolated-line-memory.js'

/** Answers requests from a snapshot of a clock that lives in another thread. */
export class IsolatedWallClockHandler implements RequestHandler {
  readonly followUp?: (answer: Uint8Array) => Uint8Array | undefined
  readonly #line: ClockLineReader
  readonly #counters: SharedCounters
  readonly #options: WallClockHandlerOptions
  readonly #replyTimes: LatencyHistogram
  #handler: WallClockHandler | undefined

  /** @param counters incremented before each answer is sent, so that a client that has the answer finds it counted. */
  constructor(
    line: ClockLineReader,
    counters: SharedCounters,
    options: WallClockHandlerOptions,
    replyTimes: LatencyHistogram = new LatencyHistogram(),
  ) {
    this.#replyTimes = replyTimes
    this.#line = line
    this.#counters = counters
    this.#options = options
    if (options.followUp === true) this.followUp = (answer) => this.#followUp(answer)
  }

  handle(message: Uint8Array, remote: RemoteEndpoint): Uint8Array | string {
    const line = this.#line.readChanged()
    if (line !== undefined) this.#handler = new WallClockHandler(clockOn(line), this.#options, this.#replyTimes)
    const answer = this.#handler?.handle(message, remote) ?? 'clock-unavailable'
    this.#counters.count(typeof answer === 'string' ? answer : 'answers')
    return answer
  }

  #followUp(answer: Uint8Array): Uint8Array | undefined {
    // Uses the clock of the answer, even if another has been posted since.
    const followUp = this.#handler?.followUp(answer)
    if (followUp !== undefined) this.#counters.count('followUps')
    return followUp
  }
}

function clockOn(line: IsolatedClockLine): CorrelatedClock {
  // The dispersion of the line includes the precision of the root.
  const root = new SystemClock({ maxFreqErrorPpm: line.maxFreqErrorPpm, precisionSeconds: Number.MIN_VALUE })
  return new CorrelatedClock(root, {
    speed: line.speed,
    available: line.available,
    correlation: new Correlation({
      parentTicks: line.rootNanos,
      childTicks: line.clockNanos,
      initialErrorSeconds: line.dispersionSeconds,
      errorGrowthRate: line.dispersionGrowth,
    }),
  })
}
