import { type Clock, type ClockChange, type CorrelatedClock, NANOS_PER_SECOND } from '../../clocks/index.js'
import { Emitter } from '../../events/index.js'
import { WallClockMessageType } from '../../messages/index.js'
import { visible } from '../../validation/index.js'
import type { WallClockTransport } from '../connections/index.js'
import { measureCandidate } from './candidate-measurement.js'
import { SleepWatch } from './sleep-watch.js'
import { WallClockAnswerReader } from './wall-clock-answer-reader.js'
import { WallClockAvailability } from './wall-clock-availability.js'
import { WallClockRequestWriter } from './wall-clock-encoding.js'
import { WallClockErrorBound } from './wall-clock-error-bound.js'
import type { WallClockClientEvents } from './wall-clock-events.js'
import { type WallClockExchange, WallClockExchanges } from './wall-clock-exchange.js'
import { checkWallClockOptions, type WallClockClientOptions, type WallClockSettings } from './wall-clock-options.js'
import { WallClockPace } from './wall-clock-pace.js'
import { summaryOf, WallClockCounters, type WallClockStatus } from './wall-clock-status.js'
import { WallClockSteering } from './wall-clock-steering.js'
import { WatchedClock } from './watched-clock.js'

/** Interval of checks for sleep when nothing reads the clock. Timers do not advance during sleep. */
const MAX_TIMER_SECONDS = 1

/**
 * Polls a wall clock server and synchronises a clock with it (CSS-WC, TS 103 286-2 clause 8).
 *
 * The error of the clock never exceeds its dispersion, provided that both oscillators stay within their stated frequency errors and
 * the server's answers are correct. This also holds while the server is unreachable: the dispersion then grows.
 */
export class WallClockClient extends Emitter<WallClockClientEvents> {
  /** The local estimate of the server's wall clock, in nanoseconds. Unavailable until the first answer. Read-only: the client steers it. */
  readonly clock: CorrelatedClock
  readonly #settings: WallClockSettings
  readonly #transport: WallClockTransport
  readonly #parent: Clock
  readonly #exchanges: WallClockExchanges
  readonly #steering: WallClockSteering
  readonly #pace: WallClockPace
  readonly #watch: SleepWatch
  readonly #errorBound: WallClockErrorBound
  readonly #availability: WallClockAvailability
  readonly #counters = new WallClockCounters()
  readonly #reader: WallClockAnswerReader
  readonly #now: () => number
  readonly #wake = (): void => this.#work()
  #writer: WallClockRequestWriter | undefined
  #unfollowParent: (() => void) | undefined
  #timer: unknown
  #started = false
  #connected = false
  /** The machine has slept: earlier measurements are invalid. */
  #distrusted = false

  /** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError; DvbcssError `DVBCSS_ERR_NO_UDP` */
  constructor(options: WallClockClientOptions) {
    super()
    const settings = checkWallClockOptions(options)
    const { parentClock: parent } = settings
    this.#settings = settings
    this.#transport = settings.transport
    this.#parent = parent
    this.#now = () => parent.now()
    this.#watch = new SleepWatch(parent, settings.timeOfDay)
    this.clock = new WatchedClock(parent, `wall clock of ${settings.transport.url}`, this.#watch, () => this.#suspect())
    this.#exchanges = new WallClockExchanges(
      settings.responseTimeoutSeconds * parent.tickRate,
      settings.followUpTimeoutSeconds * parent.tickRate,
    )
    this.#steering = new WallClockSteering(this.clock, settings.algorithm, settings.slew)
    this.#errorBound = new WallClockErrorBound(this.clock, this.#steering, settings.maxDispersionSeconds)
    this.#availability = new WallClockAvailability(this.clock, this.#errorBound, {
      available: (dispersionSeconds) => this.emit('available', { dispersionSeconds }),
      unavailable: (reason, dispersionSeconds) => this.emit('unavailable', { reason, dispersionSeconds }),
    })
    this.#pace = new WallClockPace(settings)
    const nowSeconds = () => this.#seconds(this.#now())
    this.#reader = new WallClockAnswerReader(settings.strict, this.#counters, nowSeconds, (error) =>
      this.emit('protocolError', error),
    )
  }

  /** URL of the server. */
  get url(): string {
    return this.#transport.url
  }

  /** Starts polling. Has no effect if already started. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#unfollowParent = this.#parent.on('change', (change) => this.#parentChanged(change))
    const { isJson } = this.#transport
    const precision = this.#parent.dispersionAt(this.#parent.now())
    this.#writer = new WallClockRequestWriter(isJson, precision, this.#parent.maxFreqErrorPpm)
    this.#transport.start(
      {
        opened: () => this.#opened(),
        message: (data, receivedTicks) => this.#received(data, receivedTicks),
        violated: (reason, detail) => this.#reader.protocolError(reason, detail),
        ignored: (reason) => {
          this.#counters.ignored[reason] += 1
        },
        closed: (reason) => this.#closed(reason),
      },
      this.#now,
    )
  }

  /** Stops polling. Marks the clock unavailable, because nothing would do so later when its error bound exceeds the limit. */
  stop(): void {
    if (!this.#started) return
    this.#started = false
    this.#connected = false
    this.#settings.timers.clear(this.#timer)
    this.#unfollowParent?.()
    this.#transport.stop()
    this.#exchanges.clear()
    // The parent clock is no longer watched, and a change of it would invalidate all measurements.
    this.#forget()
    this.#availability.set(false, 'stopped')
  }

  /**
   * Sends a request immediately and makes the clock unavailable until an answer confirms it. Use it when the server may have
   * restarted with another clock. Called automatically when the transport reopens; a restart cannot be detected over UDP.
   */
  recheck(): void {
    if (!this.#started) return
    this.#pace.restart()
    this.#availability.requireConfirmation(this.#steering.isSet)
    this.#work()
  }

  /**
   * Sends one request immediately, even if the budget of quick requests is exhausted. The availability does not change. The caller
   * must limit the rate of calls.
   */
  askNow(): void {
    if (!this.#started) return
    this.#pace.askNow()
    this.#work()
  }

  /** A snapshot of the clock, its error bound, the round trips and the counters. */
  status(): WallClockStatus {
    return {
      available: this.clock.available,
      connected: this.#connected,
      offsetSeconds: this.#steering.isSet ? this.#offsetSeconds() : undefined,
      speedPpm: (this.clock.speed - 1) * 1e6,
      dispersionSeconds: this.#errorBound.seconds,
      worstDispersionSeconds: this.worstDispersionSeconds,
      ...this.#counters.snapshot(),
    }
  }

  /**
   * The largest error bound since construction or since {@link resetWorstDispersion}, in seconds. Infinity if that period includes
   * time without a valid measurement.
   */
  get worstDispersionSeconds(): number {
    return this.#errorBound.worstSeconds
  }

  /** Restarts the period of {@link worstDispersionSeconds} from the current error bound. */
  resetWorstDispersion(): void {
    this.#errorBound.resetWorst()
  }

  /** The state in one human-readable line: `available, connected, offset 1.234567 s ± 0.000123 s, round trip 0.211 ms`. */
  statusSummary(): string {
    return summaryOf(this.status())
  }

  #opened(): void {
    this.#connected = true
    this.emit('connected', { url: this.url })
    this.recheck()
  }

  #closed(reason: string): void {
    this.#connected = false
    // It may contain text from the server, or a URL from CII.
    this.emit('disconnected', { reason: visible(reason) })
    this.#arm()
  }

  #received(data: Uint8Array | string, receivedTicks: number): void {
    if (!this.#started) return
    // Checked before matching: the answer to a request sent before the machine slept would appear to have a short round trip.
    this.#checkSleep()
    const receivedSeconds = this.#seconds(receivedTicks)
    const answer = this.#reader.read(data, receivedSeconds)
    if (answer === undefined) return
    const { message, isJson, forgiveness } = answer
    const outcome = this.#exchanges.answer(message, receivedTicks, isJson)
    if (outcome.kind === 'ignored') {
      if (!this.#reader.rejectInvalid(data, receivedSeconds)) this.#counters.ignored[outcome.reason] += 1
      return
    }
    if (message.type === WallClockMessageType.followUp) this.#counters.followUps += 1
    else this.#counters.responses += 1
    const isUsed = outcome.kind === 'waiting' || this.#use(outcome.exchange)
    if (isUsed && forgiveness !== undefined) this.#reader.forgive(forgiveness)
    // The next request may be due at once, while both machines are awake.
    this.#work()
  }

  /** @returns whether the exchange yields a measurement. */
  #use(exchange: WallClockExchange): boolean {
    const { maxDispersionSeconds } = this.#settings
    const { isJson } = this.#transport
    const { candidate, implausible } = measureCandidate(exchange, this.#parent, { isJson, maxDispersionSeconds })
    if (implausible !== undefined) this.#reader.protocolError(implausible.reason, implausible.detail)
    if (candidate === undefined) return false
    this.#errorBound.setServerPrecision(exchange.response.precisionSeconds)
    this.#counters.addRoundTrip(candidate.roundTripSeconds)
    this.#errorBound.noteWorst()
    const { kind, stepSeconds, slewSeconds, stepped } = this.#steering.offer(candidate, this.#now())
    if (stepped) this.#pace.restart()
    const consistent = kind !== 'inconsistent'
    if (consistent) this.#trust(stepped)
    this.#pace.answered(consistent && !stepped, this.#exchanges.isEmpty, this.#errorBound.secondsUntilUrgent)
    this.emit('candidate', { candidate, consistent })
    this.#availability.answered(consistent)
    if (!consistent) {
      const { offsetSeconds, dispersionSeconds } = candidate
      const expected = `${this.#offsetSeconds()} ± ${this.#errorBound.seconds}`
      const found = `${offsetSeconds} ± ${dispersionSeconds}`
      this.#reader.protocolError('inconsistent', `expected an offset of ${expected} s, received ${found} s`)
    }
    if (kind === 'adjusted') {
      const dispersionSeconds = this.#errorBound.seconds
      this.emit('adjusted', { candidate, stepSeconds, slewSeconds, stepped, dispersionSeconds })
    }
    this.#checkAvailability()
    return true
  }

  /** Called when an answer has confirmed the clock. */
  #trust(stepped: boolean): void {
    if (this.#distrusted && !stepped) this.#watch.wasMistaken()
    this.#distrusted = false
    // Without the gap, which the bound includes until the watch begins anew.
    this.#watch.end()
    this.#watch.begin(this.#errorBound.seconds, this.clock.correlation.errorGrowthRate)
  }

  #forget(): void {
    this.#steering.forget()
    this.#errorBound.noteWorst()
    this.#watch.end()
    this.#distrusted = false
  }

  /** The clock is being read, possibly inside a change listener, so the remaining work is deferred. */
  #suspect(): void {
    if (!this.#distrusted) queueMicrotask(() => this.#checkSleep())
  }

  /** After sleep: sends a request immediately and stays unavailable until an answer arrives. */
  #checkSleep(): void {
    if (!this.#started || !this.#watch.takeSleep()) return
    this.#distrusted = this.#steering.isSet
    // Before the first answer sleep cannot be verified. A coarse time of day must not trigger this repeatedly.
    if (!this.#distrusted) this.#watch.wasMistaken()
    this.#exchanges.clear()
    this.#steering.distrust()
    this.recheck()
  }

  /** Performs due work and sets the timer for the next. */
  #work(): void {
    if (!this.#started) return
    this.#checkSleep()
    const now = this.#now()
    for (const { waitedFor, waitedTicks, exchange } of this.#exchanges.expire(now)) {
      const counters = this.#counters
      if (waitedFor === 'response') {
        counters.timeouts += 1
        this.#pace.timedOut()
      } else counters.followUpTimeouts += 1
      const waitedSeconds = waitedTicks / this.#parent.tickRate
      this.emit('timeout', { waitedFor, waitedSeconds, timeouts: counters.timeouts })
      if (exchange !== undefined) this.#use(exchange)
    }
    if (now >= this.#steering.slewEndTicks) {
      this.#errorBound.noteWorst()
      this.#steering.update(now)
    }
    this.#checkAvailability()
    // A listener may have stopped the client.
    if (this.#started && this.#connected && now >= this.#nextRequestTicks()) this.#ask()
    else this.#arm()
  }

  #ask(): void {
    if (this.#writer === undefined) return
    const request = this.#exchanges.open(this.#now())
    const message = this.#writer.write(request.originate)
    // The first answer must not be one that was queued during sleep either.
    if (!this.#steering.isSet) this.#watch.begin(0, 0)
    this.#pace.sent(this.#seconds(request.sentTicks))
    this.#counters.requests += 1
    this.#arm()
    // Nothing may happen between reading the clock and sending, because it would count as network delay. All other state is
    // set before, because an answer from the same machine arrives within microseconds.
    request.sentTicks = this.#parent.now()
    this.#transport.send(message)
  }

  #nextRequestTicks(): number {
    // Never have more requests pending than can be matched, however short the interval is.
    if (!this.#connected || this.#exchanges.isFull) return Number.POSITIVE_INFINITY
    return this.#pace.dueAt * this.#parent.tickRate
  }

  #arm(): void {
    const { timers } = this.#settings
    timers.clear(this.#timer)
    if (!this.#started) return
    const now = this.#now()
    const due = Math.min(
      this.#nextRequestTicks(),
      this.#exchanges.nextExpiryTicks,
      this.#steering.slewEndTicks,
      this.#unavailableTicks(now),
    )
    const millis = ((due - now) / this.#parent.tickRate) * 1000
    // Rounded up to whole milliseconds for the timer; bounded, because the parent clock may be set.
    this.#timer = timers.set(this.#wake, Math.min(Math.max(Math.ceil(millis), 1), MAX_TIMER_SECONDS * 1000))
  }

  /** When the error bound will exceed `maxDispersionSeconds`. */
  #unavailableTicks(now: number): number {
    if (!this.clock.available) return Number.POSITIVE_INFINITY
    return now + this.#errorBound.secondsUntilUnacceptable * this.#parent.tickRate
  }

  #checkAvailability(): void {
    if (this.#started) this.#availability.check()
  }

  /** A change of the parent's time or speed invalidates all measurements. */
  #parentChanged({ reason }: ClockChange): void {
    if (reason === 'availability') {
      this.#availability.report('parent-clock')
      this.#arm()
      return
    }
    this.#exchanges.clear()
    this.#forget()
    this.#counters.forgetRoundTrips()
    this.#pace.parentSet(this.#seconds(this.#now()))
    this.#availability.set(false, 'parent-clock')
    this.#arm()
  }

  #offsetSeconds(): number {
    const parentTicks = this.#parent.now()
    return (this.clock.fromParent(parentTicks) - this.#parent.toNanos(parentTicks)) / NANOS_PER_SECOND
  }

  #seconds(parentTicks: number): number {
    return parentTicks / this.#parent.tickRate
  }
}
