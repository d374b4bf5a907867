import { COARSE_REPEATS, WINDOW_READINGS, WINDOW_READINGS_COARSE } from './playback-constants.js'

/** This many readings in a row that all differ by more than this from the rest: the player slipped. */
const BREAK_READINGS = 3
const BREAK_SECONDS = 0.1
const BREAK_BELOW_SECONDS = 0.05

/**
 * How far off a player is, from readings of a position that may be coarse: one that moves a frame at a time, or is
 * only updated now and then. Such a reading can be late but hardly early, so the error is near the top of what the last
 * readings say, not at their mean, which would be half a step late. The highest is left out, as it may be an outlier.
 *
 * Old readings are carried along: by what the player should have gained meanwhile, and by jumps of the timeline.
 */
export class PlaybackErrorWindow {
  /** Whether readings are as often early as late, as those of a browser that stretches sound: then the error is in their middle. */
  isJittery = false
  #errors: number[] = []
  #fresh = 0
  /** Of the errors: whether the position was the same as at the reading before. */
  #repeats: boolean[] = []

  /** How many readings there are since the last disturbance. */
  get fresh(): number {
    return this.#fresh
  }

  get count(): number {
    return this.#errors.length
  }

  /** Position less target, in seconds; undefined before the first reading. */
  get estimate(): number | undefined {
    return this.#estimate(this.#errors)
  }

  /** Of the last readings only, at most those since the last disturbance: the carried ones may be carried wrongly. */
  latest(count: number): { readonly errorSeconds: number; readonly uncertainSeconds: number } | undefined {
    const latest = this.#fresh === 0 ? [] : this.#errors.slice(-Math.min(count, this.#fresh))
    const errorSeconds = this.#estimate(latest)
    if (errorSeconds === undefined) return undefined
    return { errorSeconds, uncertainSeconds: (2 * spread(latest)) / (latest.length + 1) }
  }

  /** How far the estimate may be off, in seconds: the second of n readings of a coarse position is about this late. */
  get uncertainty(): number {
    return (2 * this.spread) / (this.#errors.length + 1)
  }

  /** By how much the readings differ, in seconds. */
  get spread(): number {
    return spread(this.#errors)
  }

  /** Whether the position moves in steps that are longer than the interval between two polls. */
  get isCoarse(): boolean {
    return this.#repeats.filter((repeats) => repeats).length > this.#repeats.length * COARSE_REPEATS
  }

  /** @param repeats whether the position is the same as at the reading before */
  add(errorSeconds: number, repeats: boolean): void {
    this.#errors.push(errorSeconds)
    this.#repeats.push(repeats)
    if (this.#repeats.length > WINDOW_READINGS) this.#repeats.shift()
    this.#fresh++
    const most = this.isCoarse || this.isJittery ? WINDOW_READINGS_COARSE : WINDOW_READINGS
    while (this.#errors.length > most) this.#errors.shift()
    this.#fresh = Math.min(this.#fresh, this.#errors.length)
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

  #estimate(errors: readonly number[]): number | undefined {
    return this.isJittery ? middle(errors) : nearTop(errors)
  }

  #dropBeforeBreak(): void {
    const before = this.#errors.slice(0, -BREAK_READINGS)
    const typical = nearTop(before)
    if (typical === undefined) return
    const last = this.#errors.slice(-BREAK_READINGS)
    // A coarse position is often far below the estimate, but no further than it was before.
    const lowest = Math.min(typical - BREAK_SECONDS, ...before.map((error) => error - BREAK_BELOW_SECONDS))
    const slipped = last.every((error) => error < lowest) || last.every((error) => error > typical + BREAK_SECONDS)
    if (!slipped) return
    this.#errors = last
    this.#fresh = last.length
  }
}

function spread(errors: readonly number[]): number {
  return errors.length === 0 ? 0 : Math.max(...errors) - Math.min(...errors)
}

function nearTop(errors: readonly number[]): number | undefined {
  const falling = [...errors].sort((a, b) => b - a)
  return falling.length < 4 ? falling[0] : falling[1]
}

function middle(errors: readonly number[]): number | undefined {
  return [...errors].sort((a, b) => a - b)[errors.length >> 1]
}
