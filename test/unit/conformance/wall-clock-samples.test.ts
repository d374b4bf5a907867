import { describe, expect, it } from 'vitest'
import type { OffsetSample } from '../../../src/conformance/rate.js'
import { jumpOf } from '../../../src/conformance/wall-clock-samples.js'

const MILLI = 1e6
const WANDER_PPM = 1000

/** Twenty samples a second, each off by up to its bound. */
function samples(seconds: number, offset: (atSeconds: number) => number, errorNanos = 0.2 * MILLI): OffsetSample[] {
  return Array.from({ length: seconds * 20 }, (_, index) => {
    const atSeconds = index / 20
    const off = ((index * 7919) % 100) / 50 - 1
    return { atNanos: atSeconds * 1e9, offsetNanos: offset(atSeconds) + off * errorNanos, errorNanos }
  })
}

describe('a jump of the wall clock', () => {
  it.each([
    ['a steady clock', () => 0],
    ['a clock of a wrong rate', (at: number) => at * 0.1e9],
    ['a clock that is slewed by 500 ppm at times', (at: number) => (at % 4 < 2 ? at % 4 : 4 - (at % 4)) * 500_000],
    ['a jump that companions hardly notice', (at: number) => (at < 3 ? 0 : MILLI)],
  ])('is not found in %s', (_what, offset) => {
    for (const seconds of [1, 5, 23]) expect(jumpOf(samples(seconds, offset), WANDER_PPM)).toBeUndefined()
  })

  it.each([0.5, 3, 7.4, 22.8])('is found wherever it is: after %d s', (when) => {
    const jump = jumpOf(
      samples(23, (at) => at * 50_000 + (at < when ? 0 : 20 * MILLI)),
      WANDER_PPM,
    )
    expect(jump?.nanos).toBeGreaterThan(15 * MILLI)
    expect(jump?.nanos).toBeLessThan(20 * MILLI)
  })

  it('is found among other rates, and backwards', () => {
    const back = samples(10, (at) => at * 0.05e9 + (at < 6 ? 0 : -20 * MILLI))
    expect(jumpOf(back, WANDER_PPM)?.nanos).toBeGreaterThan(15 * MILLI)
  })

  it('is not taken from a network whose delays explain it', () => {
    const jumping = (at: number) => (at < 3 ? 0 : 20 * MILLI)
    const slow = samples(6, jumping).map((each) => ({ ...each, errorNanos: 15 * MILLI }))
    expect(jumpOf(slow, WANDER_PPM)).toBeUndefined()
  })

  it('is looked for in few samples, and in samples far apart', () => {
    expect(jumpOf([], WANDER_PPM)).toBeUndefined()
    const far = samples(1, () => 0).map((each, index) => ({ ...each, atNanos: index * 60e9 }))
    expect(jumpOf(far, WANDER_PPM)).toBeUndefined()
  })
})
