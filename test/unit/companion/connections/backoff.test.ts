import { describe, expect, it } from 'vitest'
import { Backoff } from '../../../../src/companion/connections/backoff.js'

describe('the waits between attempts to connect', () => {
  it('double up to the maximum while nothing answers, less jitter', () => {
    const least = new Backoff({ initialSeconds: 1, maxSeconds: 5, random: () => 0 })
    const most = new Backoff({ initialSeconds: 1, maxSeconds: 5, random: () => 1 })
    expect([1, 2, 3, 4, 5].map(() => least.next())).toEqual([0.5, 1, 2, 2.5, 2.5])
    expect([1, 2, 3, 4, 5].map(() => most.next())).toEqual([1, 2, 4, 5, 5])
  })

  it('begin at a random moment within five seconds after a lost connection, and grow from there', () => {
    const waitsAt = (share: number) => {
      const backoff = new Backoff({ random: () => share })
      backoff.ended(100)
      return [1, 2, 3, 4].map(() => backoff.next())
    }
    expect(waitsAt(0)).toEqual([0, 1, 2, 4])
    expect(waitsAt(0.5)[0]).toBe(2.5)
    expect(waitsAt(1)).toEqual([5, 2, 4, 8])
  })

  it('spread the companions of a television that restarts evenly', () => {
    const perTenth = new Map<number, number>()
    for (let companion = 0; companion < 500; companion += 1) {
      const backoff = new Backoff()
      backoff.ended(60)
      const tenth = Math.floor(backoff.next() * 10)
      perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1)
    }
    // Ten on average: forty would be ten standard deviations away.
    expect(Math.max(...perTenth.values())).toBeLessThan(40)
  })

  it('go on growing when connections end soon after they open', () => {
    const backoff = new Backoff({ initialSeconds: 1, random: () => 1 })
    const waits = [1, 2, 3, 4].map(() => {
      backoff.ended(0.1)
      return backoff.next()
    })
    expect(waits).toEqual([1, 2, 4, 8])
  })

  it('are reset by a connection that was open for a while', () => {
    const backoff = new Backoff({ initialSeconds: 1, resetAfterSeconds: 10, random: () => 1 })
    backoff.next()
    backoff.ended(1)
    expect(backoff.next()).toBe(2)
    backoff.ended(10)
    expect(backoff.next()).toBe(1)
  })

  it('are as long as the server requests, up to an hour, with random delays added', () => {
    const least = new Backoff({ random: () => 0 })
    expect(least.next({ atLeastSeconds: 7 })).toBe(7)
    expect(least.next({ atLeastSeconds: 99_999_999_999 })).toBe(3600)
    expect(least.next({ atLeastSeconds: Number.POSITIVE_INFINITY })).toBe(3600)
    const most = new Backoff({ random: () => 1 })
    expect(most.next({ atLeastSeconds: 1 })).toBe(6)
    expect(most.next({ atLeastSeconds: 100 })).toBe(125)
    expect(most.next({ atLeastSeconds: 15, spreadSeconds: 15 })).toBe(30)
  })

  it('are never shorter than the back-off, whatever the server requests', () => {
    const backoff = new Backoff({ random: () => 1 })
    for (let attempt = 0; attempt < 6; attempt += 1) backoff.next({ atLeastSeconds: 0.001 })
    expect(backoff.next({ atLeastSeconds: 0.001, spreadSeconds: 0.001 })).toBe(30)
  })

  it.each([0, -1, Number.NaN, 1e9])('cannot be of %d seconds', (seconds) => {
    expect(() => new Backoff({ maxSeconds: seconds })).toThrow(
      '"backoff.maxSeconds" must be a number of seconds above 0 and up to 86400',
    )
  })
})
