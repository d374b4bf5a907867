import type { Clock, ClockChange, CorrelatedClock } from '../../clocks/index.js'
import { Emitter, undisturbed } from '../../events/index.js'
import { MessageError, type WallClockMessage, WallClockMessageType } from '../../messages/index.js'
import { describeValue, visible } from '../../validation/index.js'
import type { WallClockTransport } from '../connections/index.js'
import { measureCandidate } from './candidate-measurement.js'
import { ProtocolErrorLimit } from './protocol-error-limit.js'
import { SleepWatch } from './sleep-watch.js'
import { isAnswerLike, readWallClockAnswer, WallClockRequestWriter } from './wall-clock-encoding.js'
import type { WallClockClientEvents } from './wall-clock-events.js'
import { type WallClockExchange, WallClockExchanges } from './wall-clock-exchange.js'
import { DEFAULT_MAX_DISPERSION_SECONDS } from './wall-clock-limits.js'
import { checkWallClockOptions, type WallClockClientOptions, type WallClockSettings } from './wall-clock-options.js'
import { WallClockPace } from './wall-clock-pace.js'
import { summaryOf, WallClockCounters, type WallClockStatus } from './wall-clock-status.js'
import { WallClockSteering } from './wall-clock-steering.js'
import { WatchedClock } from './watched-clock.js'

const NANOS_PER_SECOND = 1e9
/** How soon sleep is detected if nobody reads the clock; timers stand still during sleep. */
const MAX_TIMER_SECONDS = 1
/** A server that restarted is found out by three answers that agree. One that goes on contradicting itself is not to be relied on. */
const MAX_CONTRADICTIONS = 8

/**
 * Asks a wall clock server what time it is, and keeps a clock to it (CSS-WC, TS 103 286-2 clause 8).
 *
 * The clock is never off by more than its dispersion says, as long as both oscillators keep to their stated frequency
 * errors and the server tells the truth; also while the server is away, when the dispersion grows.
 */
export class WallClockClient extends Emitter<WallClockClientEvents> {
  /** The server's wall clock, in nanoseconds. Unavailable until there is an answer. Do not set it. */
  readonly clock: CorrelatedClock
  readonly #settings: WallClockSettings
  readonly #transport: WallClockTransport
  readonly #parent: Clock
  readonly #exchanges: WallClockExchanges
  readonly #steering: WallClockSteering
  readonly #pace: WallClockPace
  readonly #watch: SleepWatch
  /** The largest error bound until the last change of the clock. */
  #worstDispersionSeconds = Number.POSITIVE_INFINITY
  readonly #counters = new WallClockCounters()
  readonly #protocolErrorLimit = new ProtocolErrorLimit()
  readonly #now: () => number
  readonly #wake = (): void => this.#work()
  #writer: WallClockRequestWriter | undefined
  #unfollowParent: (() => void) | undefined
  #timer: unknown
  #started = false
  #connected = false
  /** The server may be another than before: what is known counts once an answer has agreed with it. */
  #unconfirmed = false
  #serverPrecisionSeconds = 0
  /** Answers in a row that could not be true beside the clock. */
  #contradictions = 0
  /** The machine has slept: nothing that was measured before counts. */
  #distrusted = false
  /** The availability that was last told. */
  #announced = false

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
    this.#pace = new WallClockPace(settings)
  }

  /** Where the server is. */
  get url(): string {
    return this.#transport.url
  }

  /** Begins to ask; does nothing if that was begun. */
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
        violated: (reason, detail) => this.#protocolError(reason, detail),
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
    // Nobody watches the parent clock now, and after a change of it all that was measured would be wrong.
    this.#forget()
    this.#setAvailable(false, 'stopped')
  }

  /**
   * Asks at once, and makes the clock unavailable until an answer agrees with it: for when the server may have restarted, and
   * with another clock. Done by itself when the transport opens again; over UDP nobody can see that.
   */
  recheck(): void {
    if (!this.#started) return
    this.#unconfirmed = this.#steering.isSet
    this.#pace.restart()
    if (this.#unconfirmed) this.#setAvailable(false, 'unconfirmed')
    this.#work()
  }

  /**
   * Asks once, at once, even if the quick requests are used up, and does not change the availability. The caller limits how
   * often this happens.
   */
  askNow(): void {
    if (!this.#started) return
    this.#pace.askNow()
    this.#work()
  }

  status(): WallClockStatus {
    const parentTicks = this.#parent.now()
    const { isSet } = this.#steering
    const offsetNanos = this.clock.fromParent(parentTicks) - this.#parent.toNanos(parentTicks)
    const counters = this.#counters
    return {
      available: this.clock.available,
      connected: this.#connected,
      offsetSeconds: isSet ? offsetNanos / NANOS_PER_SECOND : undefined,
      speedPpm: (this.clock.speed - 1) * 1e6,
      dispersionSeconds: this.#dispersionSeconds(),
      worstDispersionSeconds: this.worstDispersionSeconds,
      roundTripSeconds: counters.roundTripSeconds,
      minRoundTripSeconds: counters.minRoundTripSeconds,
      medianRoundTripSeconds: counters.medianRoundTripSeconds,
      requests: counters.requests,
      responses: counters.responses,
      followUps: counters.followUps,
      timeouts: counters.timeouts,
      followUpTimeouts: counters.followUpTimeouts,
      ignored: { ...counters.ignored },
      protocolErrors: counters.protocolErrors,
    }
  }

  /**
   * The largest error bound since the client was made, or since {@link resetWorstDispersion}, in seconds; Infinity when there
   * was a time without an answer to go by.
   */
  get worstDispersionSeconds(): number {
    return Math.max(this.#worstDispersionSeconds, this.#dispersionSeconds())
  }

  /** Begins another period of {@link worstDispersionSeconds}, with the present error bound. */
  resetWorstDispersion(): void {
    this.#worstDispersionSeconds = this.#dispersionSeconds()
  }

  /** The state in one line, for people: `available, connected, offset 1.234567 s ± 0.000123 s, round trip 0.211 ms`. */
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
    // The server's text may be in it, and its URL from CII.
    this.emit('disconnected', { reason: visible(reason) })
    this.#arm()
  }

  #received(data: Uint8Array | string, receivedTicks: number): void {
    if (!this.#started) return
    // Before it is matched: it may answer a request from before the machine slept, and seem to have taken no time.
    this.#checkSleep()
    // Anybody can send datagrams: what will not be reported is not worth an Error either, which costs most of it.
    if (!isAnswerLike(data) && !this.#protocolErrorLimit.allows(this.#seconds(receivedTicks))) {
      this.#counters.protocolErrors += 1
      return
    }
    let message: WallClockMessage
    try {
      message = readWallClockAnswer(data)
    } catch (error) {
      const reason = error instanceof MessageError ? error.kind : 'unreadable'
      this.#protocolError(reason, error instanceof Error ? error.message : describeValue(error))
      return
    }
    const outcome = this.#exchanges.answer(message, receivedTicks)
    if (outcome.kind === 'ignored') {
      this.#counters.ignored[outcome.reason] += 1
      return
    }
    if (message.type === WallClockMessageType.followUp) this.#counters.followUps += 1
    else this.#counters.responses += 1
    if (outcome.kind === 'complete') this.#use(outcome.exchange)
    // The next request may be due at once, while both machines are awake.
    this.#work()
  }

  #use(exchange: WallClockExchange): void {
    const { maxDispersionSeconds } = this.#settings
    const { isJson } = this.#transport
    const { candidate, implausible } = measureCandidate(exchange, this.#parent, { isJson, maxDispersionSeconds })
    if (implausible !== undefined) this.#protocolError(implausible.reason, implausible.detail)
    if (candidate === undefined) return
    this.#serverPrecisionSeconds = exchange.response.precisionSeconds
    this.#counters.addRoundTrip(candidate.roundTripSeconds)
    this.#noteDispersion()
    const { kind, stepSeconds, slewSeconds, stepped } = this.#steering.offer(candidate, this.#now())
    if (stepped) this.#pace.restart()
    if (kind !== 'inconsistent') this.#trust(stepped)
    this.#pace.answered(kind !== 'inconsistent' && !stepped, this.#exchanges.isEmpty, this.#usefulSeconds())
    this.emit('candidate', { candidate, consistent: kind !== 'inconsistent' })
    this.#contradictions = kind === 'inconsistent' ? this.#contradictions + 1 : 0
    if (this.#contradictions === 0) this.#unconfirmed = false
    else if (this.#contradictions >= MAX_CONTRADICTIONS) this.#unconfirmed = true
    if (kind === 'inconsistent') {
      const { offsetSeconds, dispersionSeconds } = candidate
      const expected = `${this.#offsetSeconds()} ± ${this.#dispersionSeconds()}`
      const found = `${offsetSeconds} ± ${dispersionSeconds}`
      this.#protocolError('inconsistent', `expected an offset of ${expected} s, got ${found} s`)
    }
    if (kind === 'adjusted') {
      const dispersionSeconds = this.#dispersionSeconds()
      this.emit('adjusted', { candidate, stepSeconds, slewSeconds, stepped, dispersionSeconds })
    }
    this.#checkAvailability()
  }

  /** The clock has just been confirmed. */
  #trust(stepped: boolean): void {
    if (this.#distrusted && !stepped) this.#watch.wasMistaken()
    this.#distrusted = false
    // Without the gap, which the bound includes until the watch begins anew.
    this.#watch.end()
    this.#watch.begin(this.#dispersionSeconds(), this.clock.correlation.errorGrowthRate)
  }

  #forget(): void {
    this.#steering.forget()
    this.#noteDispersion()
    this.#watch.end()
    this.#distrusted = false
  }

  /** The clock is being read, perhaps by somebody who is told of a change of it: the rest can wait until that is over. */
  #suspect(): void {
    if (!this.#distrusted) queueMicrotask(() => this.#checkSleep())
  }

  /** After the machine has slept: asks at once, and stays unavailable until there is an answer. */
  #checkSleep(): void {
    if (!this.#started || !this.#watch.takeSleep()) return
    this.#distrusted = this.#steering.isSet
    // Before the first answer nothing can show whether it was sleep. A coarse time of day must not lead to this again and again.
    if (!this.#distrusted) this.#watch.wasMistaken()
    this.#exchanges.clear()
    this.#steering.distrust()
    this.recheck()
  }

  /** Does what is due, and sets the timer for what is due next. */
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
      this.#noteDispersion()
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
    // Also the first answer must not be one that waited while the machine slept.
    if (!this.#steering.isSet) this.#watch.begin(0, 0)
    this.#pace.sent(this.#seconds(request.sentTicks))
    this.#counters.requests += 1
    this.#arm()
    // Nothing may come between the reading and the sending, where it would count as time on the way; and all else is
    // done by now, because an answer from the same machine comes within microseconds.
    request.sentTicks = this.#parent.now()
    this.#transport.send(message)
  }

  #nextRequestTicks(): number {
    // Never more requests at a time than can be matched with their answers, however short the interval is.
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
    // Rounded up, because timers count whole milliseconds; bounded, because a parent clock may be set.
    this.#timer = timers.set(this.#wake, Math.min(Math.max(Math.ceil(millis), 1), MAX_TIMER_SECONDS * 1000))
  }

  get #maxDispersionSeconds(): number {
    return this.#settings.maxDispersionSeconds ?? DEFAULT_MAX_DISPERSION_SECONDS + this.#serverPrecisionSeconds
  }

  /** When the bound will exceed what the option allows. */
  #unavailableTicks(now: number): number {
    if (!this.clock.available) return Number.POSITIVE_INFINITY
    return now + this.#secondsUntil(this.#maxDispersionSeconds) * this.#parent.tickRate
  }

  /** How long until the bound is half-way from the best possible to the limit: the next answer must come soon then. */
  #usefulSeconds(): number {
    return this.#secondsUntil((this.#serverPrecisionSeconds + this.#maxDispersionSeconds) / 2)
  }

  #secondsUntil(dispersionSeconds: number): number {
    return (dispersionSeconds - this.#dispersionSeconds()) / this.clock.correlation.errorGrowthRate
  }

  #checkAvailability(): void {
    if (!this.#started) return
    const isSure = this.#steering.isSet && this.#dispersionSeconds() <= this.#maxDispersionSeconds
    this.#setAvailable(isSure && !this.#unconfirmed, this.#unconfirmed ? 'unconfirmed' : 'dispersion')
  }

  #setAvailable(available: boolean, reason: WallClockClientEvents['unavailable']['reason']): void {
    undisturbed(() => {
      this.clock.available = available
    })
    this.#announceAvailability(reason)
  }

  #announceAvailability(reason: WallClockClientEvents['unavailable']['reason']): void {
    // That of the parent counts as well.
    const { available } = this.clock
    if (available === this.#announced) return
    this.#announced = available
    const dispersionSeconds = this.#dispersionSeconds()
    if (available) this.emit('available', { dispersionSeconds })
    else this.emit('unavailable', { reason, dispersionSeconds })
  }

  /** A parent that was set to another time or speed makes all that was measured by it worthless. */
  #parentChanged({ reason }: ClockChange): void {
    if (reason === 'availability') {
      this.#announceAvailability('parent-clock')
      this.#arm()
      return
    }
    this.#exchanges.clear()
    this.#forget()
    this.#counters.forgetRoundTrips()
    this.#pace.parentSet(this.#seconds(this.#now()))
    this.#setAvailable(false, 'parent-clock')
    this.#arm()
  }

  #offsetSeconds(): number {
    const parentTicks = this.#parent.now()
    return (this.clock.fromParent(parentTicks) - this.#parent.toNanos(parentTicks)) / NANOS_PER_SECOND
  }

  #seconds(parentTicks: number): number {
    return parentTicks / this.#parent.tickRate
  }

  #dispersionSeconds(): number {
    return this.#steering.isSet ? this.clock.dispersionAt(this.clock.now()) : Number.POSITIVE_INFINITY
  }

  /** Before the clock is set: until then the bound has only grown. */
  #noteDispersion(): void {
    this.#worstDispersionSeconds = this.worstDispersionSeconds
  }

  #protocolError(reason: string, detail: string): void {
    this.#counters.protocolErrors += 1
    if (!this.#protocolErrorLimit.take(this.#seconds(this.#now()))) return
    this.emit('protocolError', { reason, detail: visible(detail) })
  }
}
