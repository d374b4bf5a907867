// @ts-check

/** Pseudo-random numbers from one seed, so that a run can be repeated. */
export class Random {
  #state
  #counter = 0

  /** @param {number} seed any whole number */
  constructor(seed) {
    this.#state = mix(seed | 0)
  }

  /**
   * An independent series, derived from this one's seed and a number.
   * @param {number} index
   */
  fork(index) {
    return new Random(mix(this.#state ^ Math.imul(index + 1, 0x2545f491)))
  }

  /** An unsigned 32-bit integer. */
  word() {
    this.#counter = (this.#counter + 0x9e3779b9) | 0
    return mix(this.#state ^ mix(this.#counter)) >>> 0
  }

  /** A number from 0 (inclusive) to 1 (exclusive). */
  next() {
    return this.word() / 2 ** 32
  }

  /** An integer; both limits are inclusive. @param {number} least @param {number} most */
  int(least, most) {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** @param {number} probability from 0 to 1 */
  chance(probability) {
    return this.next() < probability
  }

  /** @template T @param {readonly T[]} list not empty @returns {T} */
  pick(list) {
    return /** @type {T} */ (list[this.int(0, list.length - 1)])
  }

  /** @param {number} length */
  bytes(length) {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; at += 4) {
      const word = this.word()
      for (let byte = 0; byte < 4 && at + byte < length; byte++) bytes[at + byte] = word >>> (8 * byte)
    }
    return bytes
  }
}

/** Hashes a number. @param {number} number */
function mix(number) {
  let mixed = number | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}
