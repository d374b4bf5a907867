import { BEND_GAIN_WITHIN, ERROR_KNOWN_WITHIN, RATE_LATENCY_SECONDS } from './playback-constants.js'

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

/** One bend, from before its first change of rate until after its last one. */
export class PlaybackBendTrial {
  #fromSeconds: number
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
    this.#bendPerSecond = bendPerSecond
  }

  /** By how much the error should have changed by now, at least: after the bend all of it, since it began and ended late. */
  dueSeconds(now: number): number {
    if (this.#endedAt !== undefined) return this.#bendPerSecond * (this.#endedAt - this.#startedAt)
    return this.#bendPerSecond * Math.max(now - this.#startedAt - RATE_LATENCY_SECONDS, 0)
  }

  /** In how many seconds the error should be gone, from the start. */
  get plannedSeconds(): number {
    return Math.abs(this.#fromSeconds / this.#bendPerSecond)
  }

  ageSeconds(now: number): number {
    return now - this.#startedAt
  }

  /** Set when something else has happened to the player: there is nothing to learn then. */
  isVoid = false

  /** The error at its start, as far as it was not changed for another reason since. */
  get fromSeconds(): number {
    return this.#fromSeconds
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
    const gained = errorSeconds - this.#fromSeconds
    // Of what may be due the nearest to what was gained.
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
