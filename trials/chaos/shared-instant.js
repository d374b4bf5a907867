// @ts-check
import { SystemClock } from 'fastify-dvbcss'

/**
 * Clocks with a common source. While an instant is held, all of them read that instant, so that their readings can be compared as if
 * they were simultaneous.
 */
export class SharedInstant {
  /** @type {bigint | undefined} */
  #held
  #epoch = process.hrtime.bigint()

  #nanos() {
    return Number((this.#held ?? process.hrtime.bigint()) - this.#epoch)
  }

  /** An oscillator with a frequency error that is below its stated maximum. @param {number} start in nanoseconds @param {number} ppm */
  clock(start, ppm) {
    return new SystemClock({
      source: () => Math.floor(start + this.#nanos() * (1 + ppm / 1e6)),
      precisionSeconds: 1e-7,
      maxFreqErrorPpm: 100,
    })
  }

  /** @template T @param {() => T} read @returns {T} */
  hold(read) {
    this.#held = process.hrtime.bigint()
    try {
      return read()
    } finally {
      this.#held = undefined
    }
  }
}
