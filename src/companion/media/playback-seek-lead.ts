import { FIRST_LEAD_SECONDS, LEADS_REMEMBERED, LONGEST_LEAD_SECONDS } from './playback-constants.js'

/** How long seeks take until the player runs again, learnt from where the last ones came out. */
export class PlaybackSeekLead {
  readonly #firstSeconds: number
  #taken: number[] = []

  constructor(firstSeconds: number = FIRST_LEAD_SECONDS) {
    this.#firstSeconds = firstSeconds
  }

  get count(): number {
    return this.#taken.length
  }

  /** The time that the next seek should take. Of two times the later one: the first may have included loading. */
  get seconds(): number {
    if (this.#taken.length < 3) return this.#taken.at(-1) ?? this.#firstSeconds
    const rising = [...this.#taken].sort((a, b) => a - b)
    const upper = rising[Math.floor(rising.length / 2)] ?? 0
    const lower = rising[Math.floor((rising.length - 1) / 2)] ?? 0
    return (lower + upper) / 2
  }

  /** Of the last ones. */
  get longestSeconds(): number {
    return Math.max(this.seconds, ...this.#taken)
  }

  /** By how much the next seek may differ from `seconds`; the one that differs most is left out once there are enough. */
  get deviationSeconds(): number {
    const middle = this.seconds
    const rising = this.#taken.map((taken) => Math.abs(taken - middle)).sort((a, b) => a - b)
    return (rising.length < 4 ? rising.at(-1) : rising.at(-2)) ?? 0
  }

  /**
   * @param leadSeconds how far ahead of the timeline the seek aimed
   * @param errorSeconds how far ahead of the timeline it came out; both in seconds of the wall clock
   * @returns false when no seek takes that long, or so little: it went elsewhere
   */
  learn(leadSeconds: number, errorSeconds: number): boolean {
    const taken = leadSeconds - errorSeconds
    if (taken > LONGEST_LEAD_SECONDS || taken < -1) return false
    this.#taken.push(Math.max(taken, 0))
    if (this.#taken.length > LEADS_REMEMBERED) this.#taken.shift()
    return true
  }

  forget(): void {
    this.#taken = []
  }
}
