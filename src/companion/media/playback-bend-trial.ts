import { BEND_GAIN_WITHIN, ERROR_KNOWN_WITHIN, RATE_LATENCY_SECONDS } from './playback-constants.js'

/** The effect of a bend compared with the expected one. */
export type BendVerdict =
  /** The player gained the expected amount. */
  | 'works'
  /** The expected gain was too small to judge. */
  | 'unclear'
  /** The player continued at the old rate. */
  | 'ignored'
  /** The player lost time, like players that stop at every change of rate. */
  | 'costly'
  /** The player played at another rate. */
  | 'inexact'

/** One bend, from before its first change of rate until after its last one. */
export class PlaybackBendTrial {
  /** Set if the player was disturbed, so that the bend cannot be judged. */
  isVoid = false
  #fromSeconds: number
  readonly #bendPerSecond: number
  readonly #uncertainSeconds: number
  readonly #startedAt: number
  #endedAt: number | undefined

  /**
   * @param uncertainSeconds uncertainty of the error
   * @param bendPerSecond expected change of the error per second
   */
  constructor(now: number, errorSeconds: number, uncertainSeconds: number, bendPerSecond: number) {
    this.#uncertainSeconds = uncertainSeconds
    this.#startedAt = now
    this.#fromSeconds = errorSeconds
    this.#bendPerSecond = bendPerSecond
  }

  /** Minimum expected change of the error by now; after the bend all of it, since it began and ended late. */
  dueSeconds(now: number): number {
    if (this.#endedAt !== undefined) return this.#bendPerSecond * (this.#endedAt - this.#startedAt)
    return this.#bendPerSecond * Math.max(now - this.#startedAt - RATE_LATENCY_SECONDS, 0)
  }

  /** Planned duration of the bend, in seconds. */
  get plannedSeconds(): number {
    return Math.abs(this.#fromSeconds / this.#bendPerSecond)
  }

  ageSeconds(now: number): number {
    return now - this.#startedAt
  }

  /** The error at the start, adjusted by changes that have other causes. */
  get fromSeconds(): number {
    return this.#fromSeconds
  }

  /** Adjusts for a change of the error that has another cause. */
  shift(seconds: number): void {
    this.#fromSeconds += seconds
  }

  end(now: number): void {
    this.#endedAt ??= now
  }

  /** @param uncertainSeconds uncertainty of the error */
  judge(now: number, errorSeconds: number, uncertainSeconds: number, toleranceSeconds: number): BendVerdict {
    const gained = errorSeconds - this.#fromSeconds
    // Of the expected values, the one nearest to the measured gain.
    const least = this.dueSeconds(now)
    const most = this.#bendPerSecond * ((this.#endedAt ?? now) - this.#startedAt)
    const due = Math.min(Math.max(gained, Math.min(least, most)), Math.max(least, most))
    const known = uncertainSeconds + this.#uncertainSeconds + toleranceSeconds * ERROR_KNOWN_WITHIN
    if (Math.abs(gained - due) <= Math.max(Math.abs(due) * BEND_GAIN_WITHIN, known)) {
      return Math.abs(due) > 2 * known ? 'works' : 'unclear'
    }
    if (Math.abs(gained) <= Math.max(Math.abs(due) * BEND_GAIN_WITHIN, known)) return 'ignored'
    return gained < due ? 'costly' : 'inexact'
  }
}
