import { NANOS_PER_SECOND } from '../../clocks/index.js'
import { type WallClockMessage, WallClockMessageType } from '../../messages/index.js'
import { MAX_PENDING_REQUESTS, MAX_REMEMBERED_REQUESTS } from './wall-clock-limits.js'

/** A request with its response and follow-up. */
export interface WallClockExchange {
  /** Ticks of the parent clock when the request was sent. */
  readonly sentTicks: number
  /** Ticks of the parent clock when the response (not its follow-up) was received. */
  readonly receivedTicks: number
  /** Whether an answer came as JSON, whose times are rounded to doubles. Default: no. */
  readonly isJson?: boolean
  /** The first answer of the server to the request, decoded. */
  readonly response: WallClockMessage
  /** The follow-up: repeats the response with a more accurate transmit time. */
  readonly followUp?: WallClockMessage
}

/** A pending request. */
export interface PendingRequest {
  /** A cookie in the originate time field, which the server echoes. */
  readonly originate: bigint
  /** Set last, immediately before sending. */
  sentTicks: number
  response?: WallClockMessage
  receivedTicks: number
  followUp?: WallClockMessage
  isJson?: boolean
}

/**
 * Why an answer was ignored. `stranger`: it matches no request; `duplicate`: already received; `late`: the request had timed out;
 * `not-a-response`: it is a request.
 */
export type IgnoredAnswerReason = 'stranger' | 'duplicate' | 'late' | 'not-a-response'

/** The result of matching an answer. */
export type AnswerOutcome =
  | { readonly kind: 'complete'; readonly exchange: WallClockExchange }
  /** The response or the follow-up is still outstanding. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'ignored'; readonly reason: IgnoredAnswerReason }

/** A request that timed out, or a response whose follow-up did. */
export interface Expiry {
  readonly waitedFor: 'response' | 'follow-up'
  readonly waitedTicks: number
  readonly exchange?: WallClockExchange
}

const IGNORED: Record<IgnoredAnswerReason, AnswerOutcome> = {
  stranger: { kind: 'ignored', reason: 'stranger' },
  duplicate: { kind: 'ignored', reason: 'duplicate' },
  late: { kind: 'ignored', reason: 'late' },
  'not-a-response': { kind: 'ignored', reason: 'not-a-response' },
}
const WAITING: AnswerOutcome = { kind: 'waiting' }

/**
 * Matches answers to requests. The originate time of a request is a random cookie instead of a time: an off-path attacker cannot
 * guess its 61 bits, and no two requests can be confused.
 */
export class WallClockExchanges {
  readonly #responseTimeoutTicks: number
  readonly #followUpTimeoutTicks: number
  readonly #pending = new Map<bigint, PendingRequest>()
  /** Finished requests, oldest first, each with whether it was answered. */
  readonly #finished = new Map<bigint, boolean>()
  readonly #random = new Uint32Array(2)

  constructor(responseTimeoutTicks: number, followUpTimeoutTicks: number) {
    this.#responseTimeoutTicks = responseTimeoutTicks
    this.#followUpTimeoutTicks = followUpTimeoutTicks
  }

  /** Adds a pending request. The caller updates its `sentTicks` when sending. */
  open(nowTicks: number): PendingRequest {
    const request: PendingRequest = { originate: this.#newOriginate(), sentTicks: nowTicks, receivedTicks: 0 }
    if (this.#pending.size >= MAX_PENDING_REQUESTS) {
      for (const oldest of this.#pending.keys()) {
        this.#finish(oldest, false)
        break
      }
    }
    this.#pending.set(request.originate, request)
    return request
  }

  /**
   * @param receivedTicks ticks of the parent clock at reception.
   * @param isJson whether the message came as JSON.
   */
  answer(message: WallClockMessage, receivedTicks: number, isJson = false): AnswerOutcome {
    if (message.type === WallClockMessageType.request) return IGNORED['not-a-response']
    const originate = message.originateNanos
    // Our requests have fewer than 10⁹ nanoseconds; another pair of fields can add up to the same value.
    if (message.originateFields !== undefined) return IGNORED.stranger
    const request = this.#pending.get(originate)
    if (request === undefined) {
      const answered = this.#finished.get(originate)
      return answered === undefined ? IGNORED.stranger : answered ? IGNORED.duplicate : IGNORED.late
    }
    const isFollowUp = message.type === WallClockMessageType.followUp
    if (receivedTicks - request.sentTicks > this.#responseTimeoutTicks && request.response === undefined) {
      return IGNORED.late
    }
    if ((isFollowUp ? request.followUp : request.response) !== undefined) return IGNORED.duplicate
    if (isJson) request.isJson = true
    if (isFollowUp) {
      request.followUp = message
    } else {
      request.response = message
      request.receivedTicks = receivedTicks
    }
    const promised = request.response?.type === WallClockMessageType.responseWithFollowUp
    if (request.response === undefined || (promised && request.followUp === undefined)) return WAITING
    this.#finish(originate, true)
    return { kind: 'complete', exchange: exchangeOf(request, request.response) }
  }

  /** Removes requests and follow-ups that have timed out. */
  expire(nowTicks: number): Expiry[] {
    const expiries: Expiry[] = []
    for (const request of [...this.#pending.values()]) {
      if (nowTicks < this.#deadlineOf(request)) continue
      const { response } = request
      this.#finish(request.originate, response !== undefined)
      expiries.push(
        response === undefined
          ? { waitedFor: 'response', waitedTicks: nowTicks - request.sentTicks }
          : {
              waitedFor: 'follow-up',
              waitedTicks: nowTicks - request.receivedTicks,
              exchange: exchangeOf(request, response),
            },
      )
    }
    return expiries
  }

  /** Ticks at which {@link expire} is next due; Infinity if nothing is pending. */
  get nextExpiryTicks(): number {
    let next = Number.POSITIVE_INFINITY
    for (const request of this.#pending.values()) next = Math.min(next, this.#deadlineOf(request))
    return next
  }

  /** Whether no request is pending. */
  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** Whether another request would evict the oldest pending one. */
  get isFull(): boolean {
    return this.#pending.size >= MAX_PENDING_REQUESTS
  }

  /** Discards all pending requests without reporting them. */
  clear(): void {
    for (const originate of [...this.#pending.keys()]) this.#finish(originate, false)
  }

  #deadlineOf(request: PendingRequest): number {
    return request.response === undefined
      ? request.sentTicks + this.#responseTimeoutTicks
      : request.receivedTicks + this.#followUpTimeoutTicks
  }

  #finish(originate: bigint, answered: boolean): void {
    this.#pending.delete(originate)
    this.#finished.set(originate, answered)
    if (this.#finished.size <= MAX_REMEMBERED_REQUESTS) return
    for (const oldest of this.#finished.keys()) {
      this.#finished.delete(oldest)
      break
    }
  }

  #newOriginate(): bigint {
    const [seconds = 0, nanos = 0] = fillRandomly(this.#random)
    // Fewer than 10⁹ nanoseconds, because some servers combine the two fields into one number.
    const originate = BigInt(seconds) * BigInt(NANOS_PER_SECOND) + BigInt(nanos % NANOS_PER_SECOND)
    return this.#pending.has(originate) || this.#finished.has(originate) ? this.#newOriginate() : originate
  }
}

/** Uses cryptographically secure random numbers where available. React Native has no built-in `crypto`. */
function fillRandomly(numbers: Uint32Array<ArrayBuffer>): Uint32Array {
  if (globalThis.crypto !== undefined) return crypto.getRandomValues(numbers)
  return numbers.map(() => Math.random() * 2 ** 32)
}

function exchangeOf(request: PendingRequest, response: WallClockMessage): WallClockExchange {
  const { sentTicks, receivedTicks, followUp, isJson = false } = request
  return { sentTicks, receivedTicks, response, isJson, ...(followUp === undefined ? {} : { followUp }) }
}
