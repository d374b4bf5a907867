/**
 * The constants of the media follower, which are not options. docs/media-follower.md lists them with the options.
 * Fractions of the tolerance refer to `toleranceSeconds`. Durations are seconds of the wall clock.
 */

/** The dead band, as fractions of the tolerance: a correction starts above the first and ends below the second. */
export const CORRECT_ABOVE = 0.4
export const CORRECT_DOWN_TO = 0.1
/** A player becomes locked within this fraction of the tolerance and stays locked within all of it. */
export const LOCK_WITHIN = 0.8

/** Readings of the position that the estimate of the error is made from; more of them where the position is coarse. */
export const WINDOW_READINGS = 24
export const WINDOW_READINGS_COARSE = 48
/** A position is coarse if at least this fraction of its readings repeat the one before. */
export const COARSE_REPEATS = 0.25
/** Readings after a seek before the error is trusted, and after a change of rate before a small error is acted upon. */
export const READINGS = 4
export const READINGS_FOR_SMALL = 8

/** An error within the tolerance should be gone after this time, within the limits of the bend; a larger one sooner. */
export const BEND_SECONDS = 3
export const LARGE_BEND_SECONDS = 1
/**
 * Rates within this fraction of normal speed are played without keeping the pitch. A browser that keeps it stretches the sound, and
 * loses time whenever that begins or ends (Chromium); one that does not keep it is exact.
 */
export const PITCH_FREE_WITHIN = 0.05
/** A bend that would take longer than this is not begun. */
export const LONGEST_BEND_SECONDS = 120
/** A bend that has not removed the error by then, as a multiple of the time that it should take, ends. */
export const BEND_OVERDUE = 1.5
/** A bend is judged as soon as it should have changed the error by this multiple of the tolerance, and at its end. */
export const JUDGE_BEND_PAST = 2
/** A bend worked if it gained what it should, give or take this fraction of it or this fraction of the tolerance. */
export const BEND_GAIN_WITHIN = 0.4
export const ERROR_KNOWN_WITHIN = 0.8
/** Players may take this long until a new rate shows: what they have buffered was made for the old one. */
export const RATE_LATENCY_SECONDS = 0.6
/** By how much a bend may overshoot, as a fraction of the tolerance, when the timer that ends it is late. */
export const BEND_OVERSHOOT = 0.5
/** After this many bends in a row without the expected effect the rate is left alone for a while, twice as long each time. */
export const BEND_FAILURES = 2
export const RATE_DISTRUST_SECONDS = 300
export const LONGEST_RATE_DISTRUST_SECONDS = 3600
/** At most this many bends at once, and one more per interval: 22 changes of rate in the first minute, then 10. */
export const BENDS_AT_ONCE = 6
export const BEND_INTERVAL_SECONDS = 12

/** How far ahead the first seek aims, before one has been timed. */
export const FIRST_LEAD_SECONDS = 0.1
/** A seek that took longer than this was not slow but failed. */
export const LONGEST_LEAD_SECONDS = 30
/** How many seeks are remembered, to predict the time that the next one takes. */
export const LEADS_REMEMBERED = 5
/** A seek must be expected to leave at most this fraction of the error. */
export const WORTH_SEEKING = 0.5
/** Seeks in a row, after a jump of the timeline or since the last lock, before they become rare. */
export const SEEKS_IN_A_ROW = 4
/** After them: the time until the next seek, twice as long every time. */
export const RARE_SEEK_SECONDS = 15
export const LONGEST_RARE_SEEK_SECONDS = 300
/** At most this many seeks and holds at once, and one more per interval, whatever the timeline does. A television that seeks costs two. */
export const SEEKS_AT_ONCE = 12
export const SEEK_INTERVAL_SECONDS = 3
/** The same for seeks of a paused player that is within the tolerance already. */
export const EXACT_PARKS_AT_ONCE = 3
export const EXACT_PARK_INTERVAL_SECONDS = 10
/** Seeks in a row without effect before the player is reported not to seek. */
export const SEEK_FAILURES = 2

/** The longest time that a player which is ahead is paused for the timeline to catch up. */
export const LONGEST_HOLD_SECONDS = 30
/** How long a player takes to start, before that has been measured. */
export const FIRST_START_SECONDS = 0.05
/** A shorter pause is not made: players take longer than this to start. */
export const SHORTEST_HOLD_SECONDS = 0.01

/** A timeline closer than this to the moving end of what can be sought is out of reach, unless the media plays there already. */
export const LIVE_EDGE_SECONDS = 0.25
/** A position this close to the end counts as the end. */
export const END_SECONDS = 0.5
/** A paused player is brought this close to the position of the timeline, if it seeks exactly. */
export const PARK_WITHIN_SECONDS = 0.001
/** A seek that lands further than this from its aim is inexact: on the key frame before, for example. */
export const EXACT_SEEK_SECONDS = 0.05

/** How many polls the lateness of timers is estimated from. */
export const LOOKS_REMEMBERED = 8
/** Timers that are later than this are slow, as in hidden tabs. */
export const SLOW_TIMER_SECONDS = 0.5
/** The lateness that bends are chosen for in a hidden tab whose media emits no events: browsers run its timers once a minute. */
export const HIDDEN_TIMER_SECONDS = 60
/** Media that emitted `timeupdate` this recently replaces late timers. */
export const TICKS_WITHIN_SECONDS = 2

/** A speed of the timeline counts as played while the player is closer to it than this fraction. */
export const SPEED_PLAYED_WITHIN = 0.05
/** The time over which the speed of the player is measured. */
export const SPEED_MEASURED_SECONDS = 4
/** A speed that was found not to be played is tried again after this time, twice as long each time. */
export const SPEED_DISTRUST_SECONDS = 300
export const LONGEST_SPEED_DISTRUST_SECONDS = 3600

/** A corrective action that is further away than this is not awaited: the player is as close as it gets for now. */
export const LONGEST_WAIT_SECONDS = 5
