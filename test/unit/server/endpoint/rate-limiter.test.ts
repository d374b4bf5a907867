import { describe, expect, it } from 'vitest'
import { RateLimiter } from '../../../../src/server/endpoint/rate-limiter.js'

const NO_LIMIT = Number.POSITIVE_INFINITY

/** How many of so many attempts at once are let through. */
function taken(limiter: RateLimiter, source: string, now: number, attempts = 100): number {
  let count = 0
  for (let n = 0; n < attempts; n += 1) if (limiter.take(source, now) === undefined) count += 1
  return count
}

/** The same with one attempt from each of so many sources. */
function takenByMany(limiter: RateLimiter, prefix: string, sources: number, now: number): number {
  let count = 0
  for (let n = 0; n < sources; n += 1) count += taken(limiter, `${prefix}-${n}`, now, 1)
  return count
}

describe('the rate limit of a source', () => {
  it('allows so many at once, and so many a second after that', () => {
    const limiter = new RateLimiter(5, NO_LIMIT)
    expect([0, 1, 1.5, 100].map((now) => taken(limiter, 'a', now))).toEqual([5, 5, 2, 5])
  })

  it('counts each source separately', () => {
    const limiter = new RateLimiter(1, NO_LIMIT)
    expect(['a', 'b', 'a'].map((source) => limiter.take(source, 0))).toEqual([undefined, undefined, 'rate-limited'])
  })

  it('is not reset by more sources than are remembered', () => {
    const limiter = new RateLimiter(1, NO_LIMIT, 100)
    expect(takenByMany(limiter, 'source', 120, 0)).toBeLessThanOrEqual(101)
    for (const now of [0.1, 0.2, 0.5, 0.9]) expect(takenByMany(limiter, 'source', 120, now)).toBe(0)
  })

  it('gives sources beyond those remembered one bucket together', () => {
    const limiter = new RateLimiter(5, NO_LIMIT, 100)
    takenByMany(limiter, 'source', 100, 0)
    expect(takenByMany(limiter, 'more', 1000, 0)).toBe(5)
  })

  it('forgets a source once its bucket is full again, so that new ones find room', () => {
    const limiter = new RateLimiter(5, NO_LIMIT, 100)
    takenByMany(limiter, 'source', 100, 0)
    // One token was taken of each, which takes a fifth of a second to come back.
    expect(taken(limiter, 'new', 0.3)).toBe(5)
  })

  it('can be looked at without taking anything', () => {
    const limiter = new RateLimiter(1, 2)
    for (let n = 0; n < 10; n += 1) expect(limiter.refusal('a', 0)).toBeUndefined()
    limiter.take('a', 0)
    expect(limiter.refusal('a', 0)).toBe('rate-limited')
    limiter.take('b', 0)
    expect(limiter.refusal('c', 0)).toBe('rate-limited-total')
  })
})

describe('the rate limit of all sources together', () => {
  it('holds beside the limit of each', () => {
    const limiter = new RateLimiter(5, 10)
    expect(takenByMany(limiter, 'source', 1000, 0)).toBe(10)
    expect(limiter.take('another', 0)).toBe('rate-limited-total')
    expect(takenByMany(limiter, 'source', 1000, 1)).toBe(10)
  })

  it('holds without a limit of each', () => {
    const limiter = new RateLimiter(NO_LIMIT, 10)
    expect(taken(limiter, 'a', 0)).toBe(10)
  })

  it('takes nothing of the total for what the source may not', () => {
    const limiter = new RateLimiter(5, 10)
    taken(limiter, 'a', 0)
    expect(taken(limiter, 'b', 0)).toBe(5)
  })

  it('serves known sources during a flood from ever new ones', () => {
    const limiter = new RateLimiter(10, 100, 1000)
    for (const now of [0, 1, 2]) expect(taken(limiter, 'companion', now, 5)).toBe(5)
    let flooded = 0
    for (let second = 3; second < 30; second += 1) {
      for (let tenth = 0; tenth < 10; tenth += 1) {
        const now = second + tenth / 10
        flooded += takenByMany(limiter, `flood-${now}`, 2000, now)
      }
      expect(taken(limiter, 'companion', second + 0.95, 5)).toBe(5)
    }
    // What the companion leaves, and never more than the total.
    expect(flooded).toBeGreaterThan(27 * 80)
    expect(flooded).toBeLessThanOrEqual(28 * 100)
  })

  it('keeps the known sources that still come, when a flood becomes known too', () => {
    const limiter = new RateLimiter(10, 1e6, 100)
    for (const now of [0, 2]) taken(limiter, 'companion', now, 1)
    for (let second = 3; second < 20; second += 1) {
      takenByMany(limiter, `flood-${Math.floor(second / 4)}`, 100, second)
      taken(limiter, 'companion', second + 0.5, 1)
    }
    for (let n = 0; n < 1e6; n += 1) limiter.take(`last-${n}`, 20)
    expect(taken(limiter, 'companion', 20)).toBe(10)
  })
})
