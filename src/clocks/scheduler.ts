import { checkOption, checkOptions, type OptionTable, option } from '../validation/index.js'
import type { Clock } from './clock.js'
import { TICKS_TYPE } from './tick-rate.js'

/** The maximum delay of setTimeout. Longer ones fire immediately. */
const MAX_TIMEOUT_MILLIS = 2 ** 31 - 1

/** Options of `scheduleAt`. */
export interface ScheduleOptions {
  /** True: the timer does not keep a Node process alive. Default false, as for setTimeout. */
  unref?: boolean
}

export const SCHEDULE_OPTIONS: OptionTable<ScheduleOptions, 'unref'> = {
  unref: option.withDefault(option.boolean(), false),
}

/** A call that is due at a tick of a clock, and can be cancelled. */
export interface ScheduledCall {
  /** True until the callback is called or the call is cancelled. */
  readonly pending: boolean
  /** Cancels the call. Has no effect once the callback has been called. */
  cancel(): void
}

/** See {@link Clock.scheduleAt}. */
export function scheduleAt(
  clock: Clock,
  ticks: number,
  callback: () => void,
  options: ScheduleOptions = {},
): ScheduledCall {
  const { unref } = checkOptions(SCHEDULE_OPTIONS, options)
  checkOption('ticks', TICKS_TYPE, ticks)
  checkOption('callback', option.func(), callback)
  return new PendingCall(clock, ticks, callback, unref)
}

class PendingCall implements ScheduledCall {
  readonly #clock: Clock
  readonly #ticks: number
  readonly #callback: () => void
  readonly #unref: boolean
  readonly #stopListening: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #pending = true
  /** The side of the tick on which the running clock was last seen: -1 or 1. 0: not seen yet. */
  #lastSide = 0

  constructor(clock: Clock, ticks: number, callback: () => void, unref: boolean) {
    this.#clock = clock
    this.#ticks = ticks
    this.#callback = callback
    this.#unref = unref
    this.#stopListening = clock.on('change', () => this.#lookLater())
    this.#lookLater()
  }

  get pending(): boolean {
    return this.#pending
  }

  cancel(): void {
    this.#pending = false
    clearTimeout(this.#timer)
    this.#stopListening()
  }

  /** Calls back from a microtask if due, never from inside scheduleAt or a setter of the clock. */
  #lookLater(): void {
    if (!this.#pending) return
    clearTimeout(this.#timer)
    if (this.#isDue()) queueMicrotask(() => this.#fire())
    else this.#arm()
  }

  #look(): void {
    if (this.#isDue()) this.#fire()
    else this.#arm()
  }

  #fire(): void {
    // Two consecutive changes may both have queued the call.
    if (!this.#pending) return
    this.cancel()
    this.#callback()
  }

  /**
   * Whether the clock is at the tick, or past it in its direction of travel. The second does not count if the clock was on that side
   * before and has only reversed: it then moves away from a tick that it has not reached.
   */
  #isDue(): boolean {
    if (!this.#clock.available) return false
    const side = Math.sign(this.#clock.now() - this.#ticks)
    if (side === 0) return true
    const direction = Math.sign(this.#clock.effectiveSpeed)
    if (direction === 0) return false
    const isDue = side === direction && this.#lastSide !== side
    this.#lastSide = side
    return isDue
  }

  /** Sets a timer for the moment when the clock will reach the tick; none if it can reach it only after a change. */
  #arm(): void {
    const direction = Math.sign(this.#clock.effectiveSpeed)
    if (!this.#clock.available || direction === 0 || this.#lastSide === direction) return
    const root = this.#clock.root
    const millis = ((this.#clock.calcWhen(this.#ticks) - root.now()) / root.tickRate) * 1000
    // Timers have a resolution of milliseconds and may fire slightly early: round up, and check the clock again when they fire.
    const delay = Math.min(Math.max(Math.ceil(millis), 1), MAX_TIMEOUT_MILLIS)
    this.#timer = setTimeout(() => this.#look(), delay)
    // In a browser, timers are numbers and there is no process to keep alive.
    if (this.#unref && typeof this.#timer === 'object') this.#timer.unref()
  }
}
