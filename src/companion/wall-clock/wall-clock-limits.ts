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

/**
 * A clock that may be off by more is of no use to anything that is shown in step; two usual crystals take 17 minutes to get
 * there. The precision that the server states comes on top: televisions that leave the field at 0 state 1 s, and are
 * mostly much better.
 */
export const DEFAULT_MAX_DISPERSION_SECONDS = 1

/** A server that reads a time of day in whole seconds, which is the coarsest that makes sense, states 1. */
export const MAX_PRECISION_SECONDS = 2

/** The worst crystals are off by some hundred ppm. At 10 % and more, no answer is worth anything by the time of the next. */
export const MAX_FREQ_ERROR_PPM = 100_000

/** Eleven days: timers do not reach beyond 24. */
export const MAX_DURATION_SECONDS = 1_000_000

/** No answer is longer than some 200 bytes, in either encoding. */
export const MAX_MESSAGE_BYTES = 4096

/** Requests without an answer that are remembered. At the default pace there are never more than a handful. */
export const MAX_PENDING_REQUESTS = 64

/** Finished requests that are remembered, to tell a duplicate from a stranger. */
export const MAX_REMEMBERED_REQUESTS = 64

/** Candidates kept to derive the bound from: the best of them decides, and an old one is seldom the best. */
export const MAX_EVIDENCE = 16

/** Answers in a row that contradict the clock and agree with each other until it believes them: two may be a coincidence. */
export const AGREEING_ANSWERS_TO_STEP = 3

/** The wire counts whole nanoseconds, so a server rounds its clock to one. */
export const WIRE_RESOLUTION_SECONDS = 1e-9

/** The first exchanges run code that has not been compiled yet: it takes this many until they show what later ones will. */
export const QUICK_ANSWERS_AT_START = 32

/** As many as {@link AGREEING_ANSWERS_TO_STEP}: enough to decide whether the server's clock has changed. */
export const ANSWERS_AFTER_CONTRADICTION = 3

/**
 * Of so many answers one is asked for right behind the one before, in every tenth interval. A request that wakes two
 * machines up takes longer than its answer, by some 0.2 ms; one that finds them awake shows the true difference.
 */
export const ANSWERS_PER_PAIR = 11

/** Quick requests in a row: those of a start, and as many again as two steps need. */
export const MAX_QUICK_REQUESTS = 48

/** A server is asked this much more than once per interval in the long run, at most, … */
export const QUICK_REQUESTS_PER_INTERVAL = 0.1

/** … or, where intervals are long, so often that a clock that steps all the time costs one request in 5 s. */
export const QUICK_REQUESTS_PER_SECOND = 0.2

/** So many answers in a row that agree with the clock end the back-off after contradictions. */
export const CALM_ANSWERS = 16

/** The wait after a first quick request without an answer, or after a second step; doubled for each further one. */
export const FIRST_UNANSWERED_WAIT_SECONDS = 0.1

/** A silent server is asked more and more rarely, until the wait is this many intervals … */
export const MAX_SILENT_WAIT_INTERVALS = 4

/** … or this many seconds, whichever is less, so that a television that was restarted is found soon. */
export const MAX_SILENT_WAIT_SECONDS = 10

/** Answers that the shortest and the median round trip are taken over. */
export const MAX_RECENT_ANSWERS = 64
