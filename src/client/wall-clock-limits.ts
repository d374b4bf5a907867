// What a wall clock client believes, and what it does when nobody told it otherwise: every figure, and why.

/** Seconds between requests once the clock has settled: what clients of the protocol usually do. */
export const DEFAULT_REQUEST_INTERVAL_SECONDS = 1

/**
 * As soon as the last one was answered. Requests right behind one another find both machines awake, and tell the time
 * several times as well as those that wake them; how many there are is limited below.
 */
export const DEFAULT_MIN_REQUEST_INTERVAL_SECONDS = 0

/** An answer that took longer says the time to half a second at best; the next one will do better. */
export const DEFAULT_RESPONSE_TIMEOUT_SECONDS = 1

/** Servers send the follow-up right behind the response. */
export const DEFAULT_FOLLOW_UP_TIMEOUT_SECONDS = 0.2

/** A clock that may be off by more is of no use to anything that is shown in step; two usual crystals take 17 minutes to get there. */
export const DEFAULT_MAX_DISPERSION_SECONDS = 1

/** A server that reads a time of day in whole seconds, which is the coarsest that makes sense, states 1. */
export const MAX_PRECISION_SECONDS = 2

/** The worst crystals are off by some hundred ppm. At 10 % and more, no answer is worth anything by the time of the next. */
export const MAX_FREQ_ERROR_PPM = 100_000

/** No answer is longer than some 200 bytes, in either carriage. */
export const MAX_MESSAGE_BYTES = 4096

/** Requests without an answer that are remembered. At the default pace there are never more than a handful. */
export const MAX_PENDING_REQUESTS = 64

/** Finished requests that are remembered, to tell a duplicate from a stranger. */
export const MAX_REMEMBERED_REQUESTS = 64

/** Candidates kept to derive the bound from: the best of them decides, and an old one is seldom the best. */
export const MAX_EVIDENCE = 16

/** Answers in a row that contradict the clock and agree with each other until it believes them: two could be one bad moment. */
export const AGREEING_ANSWERS_TO_STEP = 3

/** The wire counts whole nanoseconds, so a server rounds its clock to one. */
export const WIRE_RESOLUTION_SECONDS = 1e-9

/** The first exchanges run code that is not compiled yet: as many are needed until they say what the others will. */
export const QUICK_ANSWERS_AT_START = 32

/** An answer whose bound, mostly half its round trip, is this much above the lowest of late is asked for again at once … */
export const POOR_ANSWER_RATIO = 1.1

/** … but not for ever: on a busy network all are poor, and the server has other companions to answer. */
export const MAX_QUICK_RETRIES = 7

/** The wait after a first request without an answer; doubled for each further one, up to the usual interval. */
export const FIRST_UNANSWERED_WAIT_SECONDS = 0.1

/** Answers that the lowest bound, the shortest and the median round trip are taken over. */
export const MAX_RECENT_ANSWERS = 64
