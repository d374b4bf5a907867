import { CLOCK_TYPE, type Clock, type CorrelatedClock, Correlation, NANOS_PER_SECOND } from '../../clocks/index.js'
import { undisturbed } from '../../events/index.js'
import {
  type AvailableControlTimestamp,
  type ControlTimestamp,
  contentTicksAt,
  isAvailable,
  type MessageError,
  type PresentationTimestamps,
} from '../../messages/index.js'
import type { LenientControlTimestamp } from '../../messages/lenient/index.js'
import { checkOption } from '../../validation/index.js'
import { type PresentationTimestampsOptions, presentationTimestampsOf } from './clock-presentation-timestamps.js'
import { INVALID_TIMESTAMP_SECONDS } from './connection-limits.js'
import { meaningOfInvalid, UNAVAILABLE } from './control-timestamp-reader.js'
import type { ConnectFailure } from './platform.js'
import { type TimelineUnwrapper, unwrapperFor } from './timeline-unwrapper.js'
import { TsClientConnection, type TsClientConnectionEvents } from './ts-client-connection.js'
import { checkTsOptions, clockOf, type TsClientOptions } from './ts-client-options.js'

/** Events of a {@link TsClient}, by name, with what their listeners receive. */
export interface TsClientEvents extends TsClientConnectionEvents {
  /** A control timestamp of an available timeline was received. */
  timing: {
    /** As received: its content time does not include wraps. */
    readonly timestamp: ControlTimestamp
    /** The change of the current position; positive is forward. Infinite if the speed changes or there was no position. */
    readonly changeSeconds: number
    /** False if the change was below the threshold. */
    readonly applied: boolean
  }
  /** The position became available. */
  available: {
    /** The control timestamp that made the position known, as received. */
    readonly timestamp: ControlTimestamp
  }
  /**
   * The position became unavailable. `timeline`: the server reported the timeline as unavailable. `disconnected`: the connection was
   * lost and `holdSeconds` have passed.
   */
  unavailable: {
    /** Whether the server reported it, or the connection was lost. */
    readonly reason: 'timeline' | 'disconnected'
  }
}

/**
 * Follows one timeline of a CSS-TS server (TS 103 286-2, clause 5.7): requests it and steers {@link clock} by the control
 * timestamps received.
 *
 * After a disconnection the clock becomes unavailable once `holdSeconds` have passed. It keeps running, so an app can still read
 * it.
 */
export class TsClient extends TsClientConnection<TsClientEvents> {
  /** The timeline's clock: a child of the wall clock that ticks at `tickRate`. Available while the position is known. */
  readonly clock: CorrelatedClock
  #earliestClock: Clock | undefined
  #latestClock: Clock | undefined
  readonly #thresholdSeconds: number
  readonly #timestampErrorSeconds: number
  readonly #holdSeconds: number
  readonly #unwrapper: TimelineUnwrapper | undefined
  readonly #beforeResuming: ((done: () => void) => void) | undefined
  #connections = 0
  /** Whether the position is known, from this connection or held from a lost one. */
  #hasPosition = false
  /** Maximum rounding error of the times in the last control timestamp, in seconds. */
  #roundingSeconds = 0
  #invalidTimestamp: string | undefined
  /** Whether the position is held from a lost connection. */
  #isHeld = false
  /** Whether the last event reported the timeline as unavailable. */
  #isReportedUnavailable = false
  #holdTimer: ReturnType<typeof setTimeout> | undefined
  #invalidTimer: ReturnType<typeof setTimeout> | undefined
  #stopWaiting: (() => void) | undefined

  /**
   * @param url `ws://…` or `wss://…`, the address of the TS endpoint: CII's `tsUrl`.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError, ConflictingOptionError; MessageError for private data that is invalid.
   */
  constructor(url: string, options: TsClientOptions) {
    super(url, checkTsOptions(options))
    const { timelineSelector, thresholdSeconds = 0, holdSeconds = 0 } = options
    this.clock = clockOf(options)
    this.#thresholdSeconds = thresholdSeconds
    this.#timestampErrorSeconds = options.timestampErrorSeconds ?? 1 / this.clock.tickRate
    this.#holdSeconds = holdSeconds
    this.#beforeResuming = options.beforeResuming
    this.#unwrapper = options.unwrapper ?? unwrapperFor(timelineSelector)
    this.#earliestClock = options.earliestClock
    this.#latestClock = options.latestClock
    undisturbed(() => {
      this.clock.available = false
    })
  }

  /**
   * The timeline at the earliest presentation that this companion is capable of, in ticks of the timeline; read by
   * {@link presentationTimestamps}. Must share a root with the wall clock. Undefined (the default) or unavailable: no lower bound.
   */
  get earliestClock(): Clock | undefined {
    return this.#earliestClock
  }

  /** @throws InvalidOptionError */
  set earliestClock(clock: Clock | undefined) {
    this.#earliestClock = clock === undefined ? clock : checkOption('earliestClock', CLOCK_TYPE, clock)
  }

  /** The timeline at the latest presentation that this companion is capable of. Undefined (the default) or unavailable: no upper bound. */
  get latestClock(): Clock | undefined {
    return this.#latestClock
  }

  /** @throws InvalidOptionError */
  set latestClock(clock: Clock | undefined) {
    this.#latestClock = clock === undefined ? clock : checkOption('latestClock', CLOCK_TYPE, clock)
  }

  /** Whether the position is known, from this connection or held for up to `holdSeconds` from a lost one. */
  get hasPosition(): boolean {
    return this.#hasPosition
  }

  /** Why the last control timestamp could not be used, if the timeline is unavailable because of that. */
  get invalidTimestamp(): string | undefined {
    return this.#invalidTimestamp
  }

  /**
   * The current readings of {@link clock}, {@link earliestClock} and {@link latestClock}. Unknown bounds are infinite.
   * @throws NoCommonClockError for a clock that is not related to the wall clock.
   */
  presentationTimestamps(options: PresentationTimestampsOptions = {}): PresentationTimestamps {
    const { clock, earliestClock: earliest, latestClock: latest } = this
    const toContentTime = (ticks: number): number => this.#unwrapper?.contentTime(ticks) ?? ticks
    return presentationTimestampsOf(
      { wallClock: clock.parent, actual: clock, earliest, latest },
      { toContentTime, ...options },
    )
  }

  /**
   * Reports to the server when this companion presents, and could present, its content.
   * @param timestamps default: {@link presentationTimestamps}.
   * @returns false if the message was not sent: not connected, or the server is not reading.
   * @throws MessageError that names the invalid property; NoCommonClockError.
   */
  override sendPresentationTimestamps(timestamps: PresentationTimestamps = this.presentationTimestamps()): boolean {
    return super.sendPresentationTimestamps(timestamps)
  }

  /** The state in one human-readable line: `connected, available, 12.345 s at speed 1`. */
  statusSummary(): string {
    const { clock } = this
    const connection = this.connected ? 'connected' : 'not connected'
    if (!this.#hasPosition) return `${connection}, timeline unavailable`
    const state = clock.available ? 'available' : 'wall clock unavailable'
    const held = this.#isHeld ? ' (held)' : ''
    return `${connection}, ${state}, ${(clock.now() / clock.tickRate).toFixed(3)} s at speed ${clock.speed}${held}`
  }

  /**
   * Reconnects immediately and requests the timeline again, because the position is no longer valid, for example after a wall clock
   * step. While disconnected it has no effect: the back-off continues.
   */
  renew(): void {
    this.#becomeUnavailable('disconnected')
    this.replaceConnection()
  }

  /** The content has changed: the wrap count of the timeline may restart. */
  newProgramme(): void {
    if (this.#unwrapper?.newProgramme(this.#localSeconds()) !== true || !this.#hasPosition) return
    const { timestamp } = this
    if (timestamp !== undefined && isAvailable(timestamp)) this.#place(timestamp)
  }

  /** Requests the timeline on the new connection. */
  protected override opened(): void {
    this.#connections += 1
    const connection = this.#connections
    const ask = (): void => {
      if (connection === this.#connections) this.sendSetupData()
    }
    if (this.#isHeld && this.#beforeResuming !== undefined) this.#beforeResuming(ask)
    else ask()
  }

  /** Holds the position for `holdSeconds`, or makes it unavailable. @param isRetried false when the client was stopped. */
  protected override closed(isRetried: boolean): void {
    super.closed(isRetried)
    this.#invalidTimestamp = undefined
    this.#settle()
    if (!isRetried || this.#holdSeconds === 0 || !this.#hasPosition) {
      this.#becomeUnavailable('disconnected')
    } else if (!this.#isHeld) {
      this.#isHeld = true
      this.#growError()
      this.#holdTimer = setTimeout(() => this.#becomeUnavailable('disconnected'), this.#holdSeconds * 1000)
    }
  }

  protected override failed({ status }: ConnectFailure): void {
    // The endpoint is disabled or gone, so an immediate retry is pointless.
    if (status === 403 || status === 404) this.#becomeUnavailable('disconnected')
  }

  protected override take(read: LenientControlTimestamp): void {
    super.take(read)
    this.#settle()
    const { timestamp, contentTimeError, wallClockTimeError } = read
    this.#invalidTimestamp = undefined
    const speed = Math.abs(timestamp.timelineSpeedMultiplier ?? 0)
    this.#roundingSeconds = contentTimeError / this.clock.tickRate + (speed * wallClockTimeError) / NANOS_PER_SECOND
    if (isAvailable(timestamp)) this.#follow(timestamp)
    else this.#becomeUnavailable('timeline')
  }

  protected override rejected(message: unknown, error: MessageError, isStrict: boolean): void {
    const meaning = meaningOfInvalid(message)
    if (meaning === 'unavailable') {
      this.take(UNAVAILABLE)
    } else if (meaning === 'unknown' && this.connected) {
      const hadPosition = this.#hasPosition
      // The server reported a change that could not be decoded, so the position from before is no longer known.
      if (!isStrict && typeof message === 'object' && !Array.isArray(message)) {
        this.#invalidTimestamp = error.message
        this.#becomeUnavailable('timeline')
      }
      // A new connection receives the current state.
      const reason = 'no valid control timestamp after an invalid one'
      if (!hadPosition) return
      this.#invalidTimer ??= setTimeout(() => this.leave({ code: 1007, reason }), INVALID_TIMESTAMP_SECONDS * 1000)
    }
  }

  /** Cancels the pending reconnection and the confirmation that it waits for, if any. */
  #settle(): void {
    clearTimeout(this.#invalidTimer)
    this.#invalidTimer = undefined
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
  }

  #follow(timestamp: AvailableControlTimestamp): void {
    const isNew = !this.#hasPosition
    const isFirst = isNew || this.#isHeld
    this.#unwrap(timestamp)
    const { clock } = this
    const correlation = this.#correlationOf(timestamp)
    const speed = timestamp.timelineSpeedMultiplier
    const changeSeconds = isNew ? Number.POSITIVE_INFINITY : clock.quantifySignedChange(correlation, speed)
    // An identical relation emits no clock change. A held position is set anyway, because its error bound has grown.
    const applied = isFirst || Math.abs(changeSeconds) > this.#thresholdSeconds
    this.#hasPosition = true
    this.#isReportedUnavailable = false
    this.#release()
    if (applied) this.#place(timestamp)
    undisturbed(() => {
      clock.available = true
    })
    this.emit('timing', { timestamp, changeSeconds, applied })
    if (isNew) this.emit('available', { timestamp })
  }

  #correlationOf({ contentTime, wallClockTime }: AvailableControlTimestamp): Correlation {
    return new Correlation({
      parentTicks: this.clock.parent.fromNanos(Number(wallClockTime)),
      childTicks: Number(contentTime) + (this.#unwrapper?.offsetTicks ?? 0),
      initialErrorSeconds: this.#timestampErrorSeconds + this.#roundingSeconds,
    })
  }

  #place(timestamp: AvailableControlTimestamp): void {
    undisturbed(() => {
      this.clock.setCorrelationAndSpeed(this.#correlationOf(timestamp), timestamp.timelineSpeedMultiplier)
    })
  }

  #unwrap(timestamp: AvailableControlTimestamp): void {
    const unwrapper = this.#unwrapper
    if (unwrapper === undefined) return
    const { parent, tickRate } = this.clock
    const { contentTime, timelineSpeedMultiplier: speed } = timestamp
    if (parent.available) {
      const wallClockNanos = parent.nanos()
      const ticksNow = contentTicksAt(timestamp, wallClockNanos, tickRate)
      const moment = { localSeconds: this.#localSeconds(), wallClockSeconds: wallClockNanos / NANOS_PER_SECOND }
      unwrapper.read(contentTime, ticksNow, tickRate * speed, moment)
      return
    }
    // The change is undefined without the wall clock, and the clock is unavailable until then.
    this.#stopWaiting ??= parent.on('change', () => {
      const latest = this.timestamp
      if (!parent.available || latest === undefined || !isAvailable(latest)) return
      this.#stopWaiting?.()
      this.#stopWaiting = undefined
      const { offsetTicks } = unwrapper
      this.#unwrap(latest)
      if (unwrapper.offsetTicks !== offsetTicks && this.#hasPosition) this.#place(latest)
    })
  }

  /** Seconds of the local clock. */
  #localSeconds(): number {
    const { root } = this.clock
    return root.now() / root.tickRate
  }

  /** From now on the television may pause or resume without notice. */
  #growError(): void {
    const { clock } = this
    const ticks = clock.now()
    const speed = Math.max(1, Math.abs(clock.speed))
    undisturbed(() => {
      clock.rebaseCorrelationAt(ticks)
      clock.correlation = clock.correlation.with({ errorGrowthRate: speed })
    })
  }

  #release(): void {
    clearTimeout(this.#holdTimer)
    this.#holdTimer = undefined
    this.#isHeld = false
  }

  #becomeUnavailable(reason: 'timeline' | 'disconnected'): void {
    this.#release()
    this.#settle()
    undisturbed(() => {
      this.clock.available = false
    })
    const isNews = this.#hasPosition || (reason === 'timeline' && !this.#isReportedUnavailable)
    this.#isReportedUnavailable = reason === 'timeline'
    this.#hasPosition = false
    if (isNews) this.emit('unavailable', { reason })
  }
}
