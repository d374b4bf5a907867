import { checkOption, checkOptions, type OptionTable, option } from '../validation/index.js'
import type { Clock } from './clock.js'
import { TICKS_TYPE } from './tick-rate.js'

/** The longest delay setTimeout takes: one above it fires at once. */
const MAX_TIMEOUT_MILLIS = 2 ** 31 - 1

/** Options of `scheduleAt`. */
export interface ScheduleOptions {
  /** True: the timer does not keep a Node process alive. Default false, as setTimeout has it. */
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
  /** -1 or 1: on which side of the tick the clock was when it was last seen running; 0: not seen yet. */
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

  /** Calls back, when it is time, from a microtask: never from inside scheduleAt or a setter of the clock. */
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
    // Two changes in a row may both have found it due.
    if (!this.#pending) return
    this.cancel()
    this.#callback()
  }

  /**
   * Due is at the tick, or past it in the direction of travel, unless the clock was on that side all along and has
   * only turned round: then it moves away from a tick that it has not reached yet.
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

  /** Sets a timer for when the clock should get there; none when only a change can bring it there. */
  #arm(): void {
    const direction = Math.sign(this.#clock.effectiveSpeed)
    if (!this.#clock.available || direction === 0 || this.#lastSide === direction) return
    const root = this.#clock.root
    const millis = ((this.#clock.calcWhen(this.#ticks) - root.now()) / root.tickRate) * 1000
    // Timers count whole milliseconds and may wake a little early: round up, and look at the clock again on waking.
    const delay = Math.min(Math.max(Math.ceil(millis), 1), MAX_TIMEOUT_MILLIS)
    this.#timer = setTimeout(() => this.#look(), delay)
    // In a browser a timer is a number, and keeps nothing alive.
    if (this.#unref && typeof this.#timer === 'object') this.#timer.unref()
  }
}
