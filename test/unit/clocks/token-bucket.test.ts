import { describe, expect, it } from 'vitest'
import { DoublingWait, TokenBucket } from '../../../src/clocks/index.js'

describe('a token bucket', () => {
  it('allows a burst, and then the average rate', () => {
    const bucket = new TokenBucket(3, 2)
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false])
    expect(bucket.waitSeconds(0)).toBe(0.5)
    expect([0.4, 0.5, 0.6, 1].map((now) => bucket.take(now))).toEqual([false, false, false, false])
    expect(bucket.has(1.5)).toBe(true)
    expect(bucket.take(1.5)).toBe(true)
    expect(bucket.take(1.5)).toBe(false)
  })

  it('never holds more than a burst, however long it is idle', () => {
    const bucket = new TokenBucket(2, 10)
    expect(bucket.has(1e9, 3)).toBe(false)
    expect(bucket.take(1e9, 2)).toBe(true)
    expect(bucket.has(1e9)).toBe(false)
  })

  it('gains nothing from a clock that is set back', () => {
    const bucket = new TokenBucket(1, 1)
    expect(bucket.take(100)).toBe(true)
    expect(bucket.take(50)).toBe(false)
  })

  it('does not limit an infinite rate', () => {
    const bucket = new TokenBucket(1, Number.POSITIVE_INFINITY)
    for (let count = 0; count < 10; count++) expect(bucket.take(0, 1000)).toBe(true)
    expect(bucket.waitSeconds(0)).toBe(0)
  })
})

describe('a doubling wait', () => {
  it('doubles up to its maximum, and starts again after a reset', () => {
    const wait = new DoublingWait(1, 5)
    expect([wait.next(), wait.next(), wait.next(), wait.next()]).toEqual([1, 2, 4, 5])
    expect(wait.failures).toBe(4)
    wait.reset()
    expect(wait.next()).toBe(1)
  })
})
