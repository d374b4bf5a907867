import { Clock, CorrelatedClock } from '../../clocks/index.js'
import { show } from '../../validation/index.js'
import type { TimelineUnwrapper } from './timeline-unwrapper.js'
import type { TsClientConnectionOptions } from './ts-client-connection.js'

/** Either a wall clock and a tick rate, from which the client makes its clock, or a clock of the app to steer. */
export type TsClientOptions = TsClientSettings & (OwnClock | GivenClock)

interface OwnClock {
  /** The television's wall clock as this companion knows it: a WallClockClient's `clock`. */
  wallClock: Clock
  /** Ticks per second of the timeline: `tickRateOf` its line in CII. */
  tickRate: number
  clock?: never
}

interface GivenClock {
  /**
   * The clock to steer: its parent is the television's wall clock, its tick rate that of the timeline. The client sets its
   * correlation, speed and availability, first of all to unavailable; nothing else should.
   */
  clock: CorrelatedClock
  wallClock?: never
  tickRate?: never
}

/** The options of a {@link TsClient} besides its clock. */
export interface TsClientSettings extends TsClientConnectionOptions {
  /** A control timestamp that would move the clock by less, at the same speed, is not applied. Default 0: every one is. */
  thresholdSeconds?: number
  /**
   * By how much a control timestamp may be off. Content time travels in whole ticks, and a server may cut off the rest. Default:
   * one tick.
   */
  timestampErrorSeconds?: number
  /**
   * Seconds that the clock stays available after the connection was lost, while it is tried again. Its error bound then
   * grows by a second a second at least, because a pause would go unnoticed. Default 0; a Companion has 20.
   */
  holdSeconds?: number
  /**
   * Called when the connection is open again while the position is held; the server is asked when it calls `done`. So the wall clock
   * can be confirmed before there are timestamps that depend on it. Default: asks at once.
   */
  beforeResuming?: (done: () => void) => void
  /**
   * Counts how often the timeline has wrapped. Default: a new one for PTS, none for other timelines. Give that of another client
   * to continue its count.
   */
  unwrapper?: TimelineUnwrapper
  /** See {@link TsClient.earliestClock}. */
  earliestClock?: Clock
  /** See {@link TsClient.latestClock}. */
  latestClock?: Clock
}

/** A clock of the client's own, or that of the app. @throws TypeError, RangeError */
export function clockOf({ clock, wallClock, tickRate, timelineSelector }: TsClientOptions): CorrelatedClock {
  if (clock === undefined) {
    return new CorrelatedClock(wallClock, { tickRate, available: false, name: timelineSelector })
  }
  if (!(clock instanceof CorrelatedClock)) {
    throw new TypeError(`clock: expected a CorrelatedClock, got ${show(clock)}`)
  }
  if (wallClock !== undefined || tickRate !== undefined) {
    throw new TypeError('clock: expected without wallClock and tickRate, which are those of its parent and its own')
  }
  return clock
}

export function checkClock(option: string, clock: Clock | undefined): Clock | undefined {
  if (clock === undefined || clock instanceof Clock) return clock
  throw new TypeError(`${option}: expected a Clock, got ${show(clock)}`)
}

export function checkSeconds(option: string, seconds: number): number {
  if (typeof seconds === 'number' && seconds >= 0) return seconds
  throw new RangeError(`${option}: expected a number of seconds from 0 upward, got ${String(seconds)}`)
}

/** A day, which timers can count. */
const MAX_HOLD_SECONDS = 86_400

export function checkTimerSeconds(option: string, seconds: number): number {
  if (checkSeconds(option, seconds) <= MAX_HOLD_SECONDS) return seconds
  throw new RangeError(`${option}: expected at most ${MAX_HOLD_SECONDS} seconds, got ${seconds}`)
}
