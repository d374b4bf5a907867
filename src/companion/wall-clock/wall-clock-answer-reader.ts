import { TokenBucket } from '../../clocks/index.js'
import { MessageError } from '../../messages/index.js'
import type { Forgiveness, ForgivenKind } from '../../messages/lenient/index.js'
import { describeValue, visible } from '../../validation/index.js'
import { isAnswerLike, mayBeOddAnswer, readWallClockAnswer, type WallClockAnswer } from './wall-clock-encoding.js'
import type { WallClockClientEvents } from './wall-clock-events.js'
import type { WallClockCounters } from './wall-clock-status.js'

/** Protocol errors that are emitted in a row: enough to diagnose a server. A flood of spoofed datagrams must not flood the log. */
const MAX_EVENTS_IN_A_ROW = 10
/** Protocol errors that are emitted per second after that. */
const EVENTS_PER_SECOND = 1

/** Decodes answers. Counts those that are invalid or deviate from the specification, and reports a limited number of them. */
export class WallClockAnswerReader {
  readonly #isStrict: boolean
  readonly #counters: WallClockCounters
  readonly #nowSeconds: () => number
  readonly #report: (error: WallClockClientEvents['protocolError']) => void
  readonly #limit = new TokenBucket(MAX_EVENTS_IN_A_ROW, EVENTS_PER_SECOND)

  constructor(
    isStrict: boolean,
    counters: WallClockCounters,
    nowSeconds: () => number,
    report: (error: WallClockClientEvents['protocolError']) => void,
  ) {
    this.#isStrict = isStrict
    this.#counters = counters
    this.#nowSeconds = nowSeconds
    this.#report = report
  }

  /** @returns undefined if the message is invalid. */
  read(data: Uint8Array | string, receivedSeconds: number): WallClockAnswer | undefined {
    // Datagrams can be spoofed. Creating the Error is the largest cost, so skip it for those that will not be reported.
    const mayBeUsed = isAnswerLike(data) || (!this.#isStrict && mayBeOddAnswer(data))
    if (!mayBeUsed && !this.#limit.has(receivedSeconds)) {
      this.#counters.protocolErrors += 1
      return undefined
    }
    try {
      return readWallClockAnswer(data, this.#isStrict)
    } catch (error) {
      this.#invalid(error)
      return undefined
    }
  }

  /** Rejects a message that answers no request and was decoded only leniently. @returns false if it is valid. */
  rejectInvalid(data: Uint8Array | string, receivedSeconds: number): boolean {
    if (isAnswerLike(data)) return false
    if (!this.#limit.has(receivedSeconds)) {
      this.#counters.protocolErrors += 1
      return true
    }
    try {
      readWallClockAnswer(data, true)
    } catch (error) {
      this.#invalid(error)
    }
    return true
  }

  /** Counts all deviations, and reports the first of each kind: a server repeats them in every answer. */
  forgive(forgiveness: Forgiveness): void {
    const { forgiven } = this.#counters
    const { reports } = forgiveness
    const isFirst = (kind: ForgivenKind, index: number): boolean =>
      !forgiven.has(kind) && reports.findIndex((report) => report.kind === kind) === index
    const isNew = reports.filter(({ kind }, index) => isFirst(kind, index))
    forgiven.addAll(forgiveness)
    for (const { kind, detail } of isNew) this.#report({ reason: kind, detail, forgiven: true })
  }

  /** Counts a protocol error and, within the limit, reports it. */
  protocolError(reason: string, detail: string): void {
    this.#counters.protocolErrors += 1
    if (!this.#limit.take(this.#nowSeconds())) return
    this.#report({ reason, detail: visible(detail) })
  }

  #invalid(error: unknown): void {
    const reason = error instanceof MessageError ? error.kind : 'unreadable'
    this.protocolError(reason, error instanceof Error ? error.message : describeValue(error))
  }
}
