/** Enough to diagnose a server. A flood of spoofed datagrams must not cause a flood of events and log lines. */
const MAX_EVENTS_IN_A_ROW = 10
const EVENTS_PER_SECOND = 1

/** Limits how often invalid answers are reported. */
export class ProtocolErrorLimit {
  #tokens = MAX_EVENTS_IN_A_ROW
  #countedAt = 0

  /** Whether {@link take} would succeed. @param now in seconds. */
  allows(now: number): boolean {
    const refill = Math.max(now - this.#countedAt, 0) * EVENTS_PER_SECOND
    this.#tokens = Math.min(this.#tokens + refill, MAX_EVENTS_IN_A_ROW)
    this.#countedAt = now
    return this.#tokens >= 1
  }

  take(now: number): boolean {
    if (!this.allows(now)) return false
    this.#tokens -= 1
    return true
  }
}
