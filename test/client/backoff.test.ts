import { describe, expect, it } from 'vitest'
import { Backoff } from '../../src/client/backoff.js'

describe('the waits between tries', () => {
  it('double up to the most, less a share that chance decides', () => {
    const least = new Backoff({ initialSeconds: 1, maxSeconds: 5, random: () => 0 })
    const most = new Backoff({ initialSeconds: 1, maxSeconds: 5, random: () => 1 })
    expect([1, 2, 3, 4, 5].map(() => least.next())).toEqual([0.5, 1, 2, 2.5, 2.5])
    expect([1, 2, 3, 4, 5].map(() => most.next())).toEqual([1, 2, 4, 5, 5])
  })

  it('begin anew after a connection that stood for a while', () => {
    const backoff = new Backoff({ initialSeconds: 1, resetAfterSeconds: 10, random: () => 1 })
    backoff.next()
    backoff.ended(1)
    expect(backoff.next()).toBe(2)
    backoff.ended(10)
    expect(backoff.next()).toBe(1)
  })

  it('are as long as the server asks for, and never longer than timers can wait', () => {
    const backoff = new Backoff({ random: () => 0 })
    expect(backoff.next(7)).toBe(7)
    expect(backoff.next(99_999_999_999)).toBe(3600)
    expect(backoff.next(Number.POSITIVE_INFINITY)).toBe(3600)
  })

  it.each([0, -1, Number.NaN, 1e9])('cannot be of %d seconds', (seconds) => {
    expect(() => new Backoff({ maxSeconds: seconds })).toThrow('maxSeconds: expected a number of seconds above 0')
  })
})
