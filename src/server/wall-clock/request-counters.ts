import type { Logger } from '../endpoint/index.js'
import { DROP_REASONS } from './request-handler.js'

/** Counters since the server was created; they continue over a stop and a start. `requests` = `answers` + the sum of `dropped`. */
export interface UdpRequestServerStatistics {
  /** Datagrams received, including those that were dropped. */
  readonly requests: number
  /** Answers passed to the system. */
  readonly answers: number
  /** Follow-up messages passed to the system, without those that it failed to send. */
  readonly followUps: number
  /** Requests that were not answered, by reason: every reason of `DROP_REASONS`, and those of the handler. */
  readonly dropped: Readonly<Record<string, number>>
  /** Answers and follow-ups that the system refused to send. */
  readonly sendErrors: number
  /** Errors of the socket itself. It stays open over them. */
  readonly socketErrors: number
}

/** Counts the outcome of each request, and logs those that need attention. */
export class RequestCounters {
  requests = 0
  answers = 0
  followUps = 0
  readonly #dropped: Record<string, number> = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0]))
  #sendErrors = 0
  #socketErrors = 0
  #handlerErrors = 0
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1
  }

  handlerError(err: unknown, what: string): void {
    this.#handlerErrors += 1
    if (isPowerOfTwo(this.#handlerErrors)) this.#logger?.error({ err, count: this.#handlerErrors }, what)
  }

  sendError(err: unknown): void {
    this.#sendErrors += 1
    if (isPowerOfTwo(this.#sendErrors)) this.#logger?.warn({ err, count: this.#sendErrors }, 'UDP send failed')
  }

  socketError(err: unknown): void {
    this.#socketErrors += 1
    if (isPowerOfTwo(this.#socketErrors)) this.#logger?.error({ err, count: this.#socketErrors }, 'UDP socket error')
  }

  snapshot(): UdpRequestServerStatistics {
    return {
      requests: this.requests,
      answers: this.answers,
      followUps: this.followUps,
      dropped: { ...this.#dropped },
      sendErrors: this.#sendErrors,
      socketErrors: this.#socketErrors,
    }
  }
}

/** The 1st, 2nd, 4th, 8th … fault is logged, so that senders cannot fill a disk. */
function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}
