// The defaults and limits of a wall clock client, each with the reason for its value.

/** Seconds between requests once the clock has settled: the usual value among clients of the protocol. */
export const DEFAULT_REQUEST_INTERVAL_SECONDS = 1

/**
 * Sends the next request as soon as the last one is answered. Back-to-back requests find both machines awake, and are several times
 * as accurate as requests that wake them. Their number is limited below.
 */
export const DEFAULT_MIN_REQUEST_INTERVAL_SECONDS = 0

/** The error bound of an answer that takes longer is at least half a second; the next answer will be better. */
export const DEFAULT_RESPONSE_TIMEOUT_SECONDS = 1

/** Servers send the follow-up immediately after the response. */
export const DEFAULT_FOLLOW_UP_TIMEOUT_SECONDS = 0.2

/**
 * Synchronised playback is impossible with a larger error. Two typical crystals reach it after 17 minutes without an answer. The
 * precision that the server states is added: televisions that leave the field at 0 state 1 s, but most are much more precise.
 */
export const DEFAULT_MAX_DISPERSION_SECONDS = 1

/** A server that reads the time of day in whole seconds, the coarsest useful clock, states 1. */
export const MAX_PRECISION_SECONDS = 2

/** The worst crystals have errors of a few hundred ppm. At 10 % and more, an answer is outdated before the next one arrives. */
export const MAX_FREQ_ERROR_PPM = 100_000

/** Eleven days: the maximum delay of a timer is 24. */
export const MAX_DURATION_SECONDS = 1_000_000

/** Answers are at most about 200 bytes long, in either encoding. */
export const MAX_MESSAGE_BYTES = 4096

/** Maximum number of pending requests. At the default rate there are only a few. */
export const MAX_PENDING_REQUESTS = 64

/** Number of finished requests that are remembered, to distinguish duplicates and late answers from unsolicited ones. */
export const MAX_REMEMBERED_REQUESTS = 64

/** Number of candidates that the error bound is derived from. The best of them determines it, and an old one is rarely the best. */
export const MAX_EVIDENCE = 16

/** Number of consecutive answers that contradict the clock and agree with each other before the clock steps. Two may be a coincidence. */
export const AGREEING_ANSWERS_TO_STEP = 3

/** Messages encode whole nanoseconds, so the server rounds its clock to one. */
export const WIRE_RESOLUTION_SECONDS = 1e-9

/** The first exchanges are slow because the code has not been compiled yet. After this many, they are as fast as later ones. */
export const QUICK_ANSWERS_AT_START = 32

/** Equals {@link AGREEING_ANSWERS_TO_STEP}: enough to decide whether the server's clock has changed. */
export const ANSWERS_AFTER_CONTRADICTION = 3

/**
 * One answer in this many is requested immediately after the one before, which is once in ten intervals. A request that wakes both
 * machines takes about 0.2 ms longer than its answer, which biases the measurement. The second request finds them awake.
 */
export const ANSWERS_PER_PAIR = 11

/** Maximum number of consecutive quick requests: those of a start, and enough for two steps. */
export const MAX_QUICK_REQUESTS = 48

/** Long-term limit of additional quick requests, per interval, … */
export const QUICK_REQUESTS_PER_INTERVAL = 0.1

/** … or per second if that is more, so that a server whose clock steps continually receives one request every 5 s. */
export const QUICK_REQUESTS_PER_SECOND = 0.2

/** This many consecutive answers that agree with the clock end the back-off after contradictions. */
export const CALM_ANSWERS = 16

/** The wait after the first unanswered quick request, or after a second step. It doubles with each further one. */
export const FIRST_UNANSWERED_WAIT_SECONDS = 0.1

/** Requests to a server that does not answer become less frequent, until the wait is this many intervals … */
export const MAX_SILENT_WAIT_INTERVALS = 4

/** … or this many seconds, whichever is less, so that a restarted television is found soon. */
export const MAX_SILENT_WAIT_SECONDS = 10

/** Number of recent answers for the shortest and the median round trip. */
export const MAX_RECENT_ANSWERS = 64
