import { describe, expect, it } from 'vitest'
import { CompanionPace } from '../../../src/companion/companion-pace.js'

/** Moves as soon as it may, all the time. */
function movesWithin(seconds: number, pace: CompanionPace, from = 0): number[] {
  const moves: number[] = []
  for (let now = from; now < from + seconds; now += 0.01) {
    if (pace.waitSeconds(now) > 0) continue
    pace.moved(now)
    moves.push(now)
  }
  return moves
}

describe('the pace of moves', () => {
  it('lets a booting television name its servers one after the other', () => {
    const pace = new CompanionPace(() => 0.5)
    for (let move = 0; move < 3; move += 1) {
      expect(pace.waitSeconds(100)).toBe(0)
      pace.moved(100)
    }
    expect(pace.waitSeconds(100)).toBe(1)
  })

  it('becomes slower for a television that never stops', () => {
    const pace = new CompanionPace(() => 0.5)
    expect(movesWithin(6, pace).length).toBeLessThanOrEqual(6)
    expect(movesWithin(600, pace, 6).length).toBeLessThan(60)
    expect(movesWithin(600, pace, 606).length).toBeLessThan(45)
  })

  it('forgets old moves', () => {
    const pace = new CompanionPace(() => 0.5)
    movesWithin(60, pace)
    expect(movesWithin(0.1, pace, 1000)).toHaveLength(3)
  })

  it('never waits longer than half a minute plus jitter', () => {
    const pace = new CompanionPace(() => 1)
    for (let move = 0; move < 100; move += 1) pace.moved(0)
    expect(pace.waitSeconds(0)).toBe(37.5)
  })
})
