import { type WallClockMessage, WallClockMessageType } from '../../messages/index.js'
import { MAX_PENDING_REQUESTS, MAX_REMEMBERED_REQUESTS } from './wall-clock-limits.js'

/** A request and all that came back. */
export interface WallClockExchange {
  /** The parent clock when the request was handed over. */
  readonly sentTicks: number
  /** The parent clock when the response came, not its follow-up. */
  readonly receivedTicks: number
  readonly response: WallClockMessage
  /** The response again, with a better transmit time. */
  readonly followUp?: WallClockMessage
}

/** A request that waits for its answer. */
export interface PendingRequest {
  /** What the server sends back untouched, in the place of the originate time. */
  readonly originate: bigint
  /** Set when it is sent, last of all. */
  sentTicks: number
  response?: WallClockMessage
  receivedTicks: number
  followUp?: WallClockMessage
}

/**
 * Why an answer counts for nothing: `stranger`: no request of ours; `duplicate`: it came before; `late`: after it was
 * given up; `not-a-response`: a request.
 */
export type IgnoredAnswerReason = 'stranger' | 'duplicate' | 'late' | 'not-a-response'

/** What an answer has led to. */
export type AnswerOutcome =
  | { readonly kind: 'complete'; readonly exchange: WallClockExchange }
  /** The other one of response and follow-up is still to come. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'ignored'; readonly reason: IgnoredAnswerReason }

/** A request that was given up, or a response that goes without its follow-up. */
export interface Expiry {
  readonly waitedFor: 'response' | 'follow-up'
  readonly waitedTicks: number
  readonly exchange?: WallClockExchange
}

const NANOS_PER_SECOND = 1_000_000_000
const IGNORED: Record<IgnoredAnswerReason, AnswerOutcome> = {
  stranger: { kind: 'ignored', reason: 'stranger' },
  duplicate: { kind: 'ignored', reason: 'duplicate' },
  late: { kind: 'ignored', reason: 'late' },
  'not-a-response': { kind: 'ignored', reason: 'not-a-response' },
}
const WAITING: AnswerOutcome = { kind: 'waiting' }

/**
 * Matches answers to requests. The originate time of a request is no time but chance: who cannot see our requests
 * cannot guess the 61 bits that an answer needs, and no two requests can be taken for one another.
 */
export class WallClockExchanges {
  readonly #responseTimeoutTicks: number
  readonly #followUpTimeoutTicks: number
  readonly #pending = new Map<bigint, PendingRequest>()
  /** Finished ones, oldest first: whether they were answered. */
  readonly #finished = new Map<bigint, boolean>()
  readonly #random = new Uint32Array(2)

  constructor(responseTimeoutTicks: number, followUpTimeoutTicks: number) {
    this.#responseTimeoutTicks = responseTimeoutTicks
    this.#followUpTimeoutTicks = followUpTimeoutTicks
  }

  /** A new request. Its `sentTicks` are to be set again when it is sent. */
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

  /** @param receivedTicks the parent clock when it came. */
  answer(message: WallClockMessage, receivedTicks: number): AnswerOutcome {
    if (message.type === WallClockMessageType.request) return IGNORED['not-a-response']
    const originate = message.originateNanos
    // Ours have less than a second of nanoseconds; another pair of fields can come to the same sum.
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

  /** Gives up what has waited too long. */
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

  /** When {@link expire} has something to do next, in ticks; Infinity when nothing waits. */
  get nextExpiryTicks(): number {
    let next = Number.POSITIVE_INFINITY
    for (const request of this.#pending.values()) next = Math.min(next, this.#deadlineOf(request))
    return next
  }

  /** Whether no request waits for anything. */
  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** Whether another request would push out the oldest that waits. */
  get isFull(): boolean {
    return this.#pending.size >= MAX_PENDING_REQUESTS
  }

  /** Gives up all, without another word about them. */
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
    // Less than a second of nanoseconds, because there are servers that make one number of the two fields.
    const originate = BigInt(seconds) * BigInt(NANOS_PER_SECOND) + BigInt(nanos % NANOS_PER_SECOND)
    return this.#pending.has(originate) || this.#finished.has(originate) ? this.#newOriginate() : originate
  }
}

/** With unpredictable numbers where the platform has them. React Native has no `crypto` of its own. */
function fillRandomly(numbers: Uint32Array<ArrayBuffer>): Uint32Array {
  if (globalThis.crypto !== undefined) return crypto.getRandomValues(numbers)
  return numbers.map(() => Math.random() * 2 ** 32)
}

function exchangeOf(request: PendingRequest, response: WallClockMessage): WallClockExchange {
  const { sentTicks, receivedTicks, followUp } = request
  return { sentTicks, receivedTicks, response, ...(followUp === undefined ? {} : { followUp }) }
}
