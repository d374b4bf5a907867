import { CLOCK_TYPE, type Clock, CorrelatedClock, TICK_RATE_TYPE } from '../../clocks/index.js'
import { ConflictingOptionError, checkOption, checkOptions, type OptionTable, option } from '../../validation/index.js'
import { TimelineUnwrapper } from './timeline-unwrapper.js'
import { TS_CONNECTION_OPTIONS, type TsClientConnectionOptions } from './ts-client-connection.js'

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

/** A day, which timers can count. */
const MAX_HOLD_SECONDS = 86_400

export const TS_SETTINGS: OptionTable<TsClientSettings> = {
  ...TS_CONNECTION_OPTIONS,
  thresholdSeconds: option.withDefault(option.number({ min: 0, infinity: true }, 'seconds'), 0),
  timestampErrorSeconds: option.number({ min: 0 }, 'seconds'),
  holdSeconds: option.withDefault(option.seconds({ min: 0, max: MAX_HOLD_SECONDS }), 0),
  beforeResuming: option.func<(done: () => void) => void>(),
  unwrapper: option.instance(TimelineUnwrapper, 'a TimelineUnwrapper'),
  earliestClock: CLOCK_TYPE,
  latestClock: CLOCK_TYPE,
}

interface AllOptions extends TsClientSettings {
  clock?: CorrelatedClock
  wallClock?: Clock
  tickRate?: number
}

const OPTIONS: OptionTable<AllOptions> = {
  ...TS_SETTINGS,
  clock: option.instance(CorrelatedClock, 'a CorrelatedClock'),
  wallClock: CLOCK_TYPE,
  tickRate: TICK_RATE_TYPE,
}

/**
 * @returns the options of the connection alone.
 * @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError
 */
export function checkTsOptions(options: TsClientOptions): TsClientConnectionOptions {
  const { clock, wallClock, tickRate } = checkOptions(OPTIONS, options)
  if (clock === undefined) {
    checkOption('wallClock', CLOCK_TYPE, wallClock)
    checkOption('tickRate', TICK_RATE_TYPE, tickRate)
  } else if (wallClock !== undefined || tickRate !== undefined) {
    const reason = 'the client uses the parent and the tick rate of that clock'
    throw new ConflictingOptionError('clock', `cannot be combined with wallClock or tickRate; ${reason}`)
  }
  const isOfConnection = (name: string): boolean => Object.hasOwn(TS_CONNECTION_OPTIONS, name)
  const given = Object.entries(options).filter(([name, value]) => isOfConnection(name) && value !== undefined)
  return Object.fromEntries(given) as unknown as TsClientConnectionOptions
}

/** A clock of the client's own, or that of the app. */
export function clockOf({ clock, wallClock, tickRate, timelineSelector }: TsClientOptions): CorrelatedClock {
  return clock ?? new CorrelatedClock(wallClock, { tickRate, available: false, name: timelineSelector })
}
