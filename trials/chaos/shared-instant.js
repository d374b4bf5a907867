// @ts-check
import { SystemClock } from 'fastify-dvbcss'

/**
 * Clocks that are all made of one: while an instant is held they all read that instant, so that what they say can be compared as if no
 * time went by between two readings.
 */
export class SharedInstant {
  /** @type {bigint | undefined} */
  #held
  #epoch = process.hrtime.bigint()

  #nanos() {
    return Number((this.#held ?? process.hrtime.bigint()) - this.#epoch)
  }

  /** An oscillator that is off by so much, and states that it may be off by more. @param {number} start in nanoseconds @param {number} ppm */
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
