import { CLOCK_TYPE, type Clock, CorrelatedClock, TICK_RATE_TYPE } from '../../clocks/index.js'
import { ConflictingOptionError, checkOption, checkOptions, type OptionTable, option } from '../../validation/index.js'
import { TimelineUnwrapper } from './timeline-unwrapper.js'
import { TS_CONNECTION_OPTIONS, type TsClientConnectionOptions } from './ts-client-connection.js'

/** Either a wall clock and a tick rate, from which the client creates its clock, or an existing clock to steer. */
export type TsClientOptions = TsClientSettings & (OwnClock | GivenClock)

interface OwnClock {
  /** The local estimate of the television's wall clock: the `clock` of a WallClockClient. */
  wallClock: Clock
  /** Ticks per second of the timeline: `tickRateOf` its line in CII. */
  tickRate: number
  clock?: never
}

interface GivenClock {
  /**
   * The clock to steer: its parent is the television's wall clock, its tick rate that of the timeline. The client sets its
   * correlation, speed and availability, initially to unavailable. Nothing else may set them.
   */
  clock: CorrelatedClock
  wallClock?: never
  tickRate?: never
}

/** The options of a {@link TsClient} besides its clock. */
export interface TsClientSettings extends TsClientConnectionOptions {
  /** Control timestamps that change the position by less than this, at the same speed, are not applied. Default 0: all are applied. */
  thresholdSeconds?: number
  /**
   * Upper bound of the error of a control timestamp. Content time is a whole number of ticks, and servers may truncate it. Default:
   * one tick.
   */
  timestampErrorSeconds?: number
  /**
   * Seconds for which the clock stays available after a disconnection, while the client reconnects. Its error bound then grows by
   * at least one second per second, because a pause would go unnoticed. Default 0; 20 in a Companion.
   */
  holdSeconds?: number
  /**
   * Called after a reconnection while the position is held. setup-data is sent once it calls `done`. This lets a caller confirm the
   * wall clock before timestamps that depend on it arrive. Default: setup-data is sent immediately.
   */
  beforeResuming?: (done: () => void) => void
  /**
   * Counts the wraps of the timeline. Default: a new one for PTS, none for other timelines. Pass that of another client to continue
   * its count.
   */
  unwrapper?: TimelineUnwrapper
  /** See {@link TsClient.earliestClock}. */
  earliestClock?: Clock
  /** See {@link TsClient.latestClock}. */
  latestClock?: Clock
}

/** One day, which is within the range of timers. */
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

export const TS_CLIENT_OPTIONS: OptionTable<AllOptions> = {
  ...TS_SETTINGS,
  clock: option.instance(CorrelatedClock, 'a CorrelatedClock'),
  wallClock: CLOCK_TYPE,
  tickRate: TICK_RATE_TYPE,
}

/**
 * @returns the options of the connection only.
 * @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError
 */
export function checkTsOptions(options: TsClientOptions): TsClientConnectionOptions {
  const { clock, wallClock, tickRate } = checkOptions(TS_CLIENT_OPTIONS, options)
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

/** A new clock, or the one from the options. */
export function clockOf({ clock, wallClock, tickRate, timelineSelector }: TsClientOptions): CorrelatedClock {
  return clock ?? new CorrelatedClock(wallClock, { tickRate, available: false, name: timelineSelector })
}
