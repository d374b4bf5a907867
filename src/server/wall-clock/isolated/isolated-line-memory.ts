import type { IsolatedClockLine } from './isolated-clock-line.js'

const VALUES = 7
/** The first word is incremented before and after each write, so it is odd during a write. The second keeps the doubles aligned. */
const SEQUENCE = 0
const FIRST_VALUE = 2

/** Seven doubles, and the same as the 32-bit words that can be stored atomically without a BigInt each. */
class Values {
  readonly doubles = new Float64Array(VALUES)
  readonly words = new Int32Array(this.doubles.buffer)
}

/** Writes the line of a clock to shared memory, where another thread reads it without waiting for this thread's event loop. */
export class ClockLineWriter {
  readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(FIRST_VALUE * 4 + VALUES * 8)
  readonly #shared: Int32Array = new Int32Array(this.buffer)
  readonly #values = new Values()

  write(line: IsolatedClockLine): void {
    const { doubles, words } = this.#values
    doubles[0] = line.rootNanos
    doubles[1] = line.clockNanos
    doubles[2] = line.speed
    doubles[3] = line.dispersionSeconds
    doubles[4] = line.dispersionGrowth
    doubles[5] = line.maxFreqErrorPpm
    doubles[6] = line.available ? 1 : 0
    Atomics.add(this.#shared, SEQUENCE, 1)
    for (const [index, word] of words.entries()) Atomics.store(this.#shared, FIRST_VALUE + index, word)
    Atomics.add(this.#shared, SEQUENCE, 1)
  }
}

/** Reads lines that a {@link ClockLineWriter} of another thread has written, and never a partial one. */
export class ClockLineReader {
  readonly #shared: Int32Array
  readonly #values = new Values()
  #lastSequence = 0

  constructor(buffer: SharedArrayBuffer) {
    this.#shared = new Int32Array(buffer)
  }

  /**
   * The line if it has changed since the last reading. During a write it counts as unchanged: waiting would delay an answer, and the
   * previous line is valid until the write is complete.
   */
  readChanged(): IsolatedClockLine | undefined {
    const sequence = Atomics.load(this.#shared, SEQUENCE)
    if (sequence === this.#lastSequence || sequence % 2 !== 0) return undefined
    const { doubles, words } = this.#values
    for (const index of words.keys()) words[index] = Atomics.load(this.#shared, FIRST_VALUE + index)
    if (Atomics.load(this.#shared, SEQUENCE) !== sequence) return undefined
    this.#lastSequence = sequence
    const [rootNanos = 0, clockNanos = 0, speed = 0, dispersionSeconds = 0, dispersionGrowth = 0] = doubles
    const [maxFreqErrorPpm = 0, available = 0] = doubles.subarray(5)
    return {
      rootNanos,
      clockNanos,
      speed,
      dispersionSeconds,
      dispersionGrowth,
      maxFreqErrorPpm,
      available: available === 1,
    }
  }
}
