const WINDOW = 16

/** This many readings in a row that all differ by more than this from the rest: the player slipped. */
const BREAK_READINGS = 3
const BREAK_SECONDS = 0.1

/**
 * How far off a player is, from readings of a position that may be coarse: one that moves a frame at a time, or is
 * only updated now and then. Such a reading can be late but hardly early, so the error is near the top of what the last
 * readings say, not at their mean, which would be half a step late. The highest is left out, as it may be an outlier.
 *
 * Old readings are carried along: by what the player should have gained meanwhile, and by jumps of the timeline.
 */
export class PlaybackErrorWindow {
  #errors: number[] = []
  #fresh = 0

  /** How many readings there are since the last disturbance. */
  get fresh(): number {
    return this.#fresh
  }

  get count(): number {
    return this.#errors.length
  }

  /** Position less target, in seconds; undefined before the first reading. */
  get estimate(): number | undefined {
    return estimate(this.#errors)
  }

  /** By how much the readings differ, in seconds. */
  get spread(): number {
    return this.#errors.length === 0 ? 0 : Math.max(...this.#errors) - Math.min(...this.#errors)
  }

  add(errorSeconds: number): void {
    this.#errors.push(errorSeconds)
    this.#fresh++
    if (this.#errors.length > WINDOW) this.#errors.shift()
    this.#dropBeforeBreak()
  }

  /** Moves all readings: the player has gained so much on its target since, or the target has moved. */
  shift(seconds: number): void {
    for (const [index, error] of this.#errors.entries()) this.#errors[index] = error + seconds
  }

  /** The readings still count, but not as taken after what was just done to the player. */
  disturb(): void {
    this.#fresh = 0
  }

  clear(): void {
    this.#errors = []
    this.#fresh = 0
  }

  #dropBeforeBreak(): void {
    const before = estimate(this.#errors.slice(0, -BREAK_READINGS))
    if (before === undefined) return
    const last = this.#errors.slice(-BREAK_READINGS)
    const slipped =
      last.every((error) => error < before - BREAK_SECONDS) || last.every((error) => error > before + BREAK_SECONDS)
    if (!slipped) return
    this.#errors = last
    this.#fresh = last.length
  }
}

function estimate(errors: readonly number[]): number | undefined {
  const falling = [...errors].sort((a, b) => b - a)
  return falling.length < 4 ? falling[0] : falling[1]
}
