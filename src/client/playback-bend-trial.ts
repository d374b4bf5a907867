/** What a bend has done to the player, compared with what it should have done. */
export type BendVerdict =
  /** It gained what it should have. */
  | 'works'
  /** Too little was to be gained to say. */
  | 'unclear'
  /** The player went on at the old rate. */
  | 'ignored'
  /** The player lost time, as one does that stops at every change of its rate. */
  | 'costly'
  /** The player went at another rate. */
  | 'inexact'

/** Of what should have been gained, so much may be missing or too much. */
const GAIN_WITHIN = 0.4
/** As a fraction of the tolerance: how well an error is known at best. */
const KNOWN_WITHIN = 0.4

/** One bend, from before its first change of rate until after its last one. */
export class PlaybackBendTrial {
  #fromSeconds: number
  readonly startSeconds: number
  readonly #bendPerSecond: number
  readonly #uncertainSeconds: number
  readonly #startedAt: number
  #endedAt: number | undefined

  /**
   * @param uncertainSeconds how well the error is known
   * @param bendPerSecond by how much the error should change in a second
   */
  constructor(now: number, errorSeconds: number, uncertainSeconds: number, bendPerSecond: number) {
    this.#uncertainSeconds = uncertainSeconds
    this.#startedAt = now
    this.#fromSeconds = errorSeconds
    this.startSeconds = errorSeconds
    this.#bendPerSecond = bendPerSecond
  }

  /** By how much the error should have changed by now. */
  dueSeconds(now: number): number {
    return this.#bendPerSecond * ((this.#endedAt ?? now) - this.#startedAt)
  }

  /** In how many seconds the error should be gone, from the start. */
  get plannedSeconds(): number {
    return Math.abs(this.startSeconds / this.#bendPerSecond)
  }

  ageSeconds(now: number): number {
    return now - this.#startedAt
  }

  /** The error changed by this for another reason. */
  shift(seconds: number): void {
    this.#fromSeconds += seconds
  }

  end(now: number): void {
    this.#endedAt ??= now
  }

  /** @param uncertainSeconds how well the error is known */
  judge(now: number, errorSeconds: number, uncertainSeconds: number, toleranceSeconds: number): BendVerdict {
    const due = this.dueSeconds(now)
    const gained = errorSeconds - this.#fromSeconds
    const known = uncertainSeconds + this.#uncertainSeconds + toleranceSeconds * KNOWN_WITHIN
    if (Math.abs(gained - due) <= Math.max(Math.abs(due) * GAIN_WITHIN, known)) {
      return Math.abs(due) > 2 * known ? 'works' : 'unclear'
    }
    if (Math.abs(gained) <= Math.max(Math.abs(due) * GAIN_WITHIN, known)) return 'ignored'
    return gained < due ? 'costly' : 'inexact'
  }
}
