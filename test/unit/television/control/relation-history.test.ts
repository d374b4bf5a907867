import { describe, expect, it } from 'vitest'
import { RelationHistory } from '../../../../src/television/control/relation-history.js'

const PTS = 'urn:dvb:css:timeline:pts'
const TEMI = 'urn:dvb:css:timeline:temi:1:1'
const START_MILLIS = 1_000_000

/** A history in which the wall clock counts from the start. */
function historyOf(...relations: [atSeconds: number, contentSeconds: number, speed: number][]): RelationHistory {
  const history = new RelationHistory()
  for (const [at, content, speed] of relations) {
    const timestamp = {
      contentTime: BigInt(content * 1000),
      wallClockTime: BigInt(at * 1e9),
      timelineSpeedMultiplier: speed,
    }
    history.add({ value: timestamp, at: START_MILLIS + at * 1000 }, 1000)
  }
  return history
}

function lateness(history: RelationHistory, atSeconds: number, contentSeconds: number): number | undefined {
  const actual = { contentTime: BigInt(Math.round(contentSeconds * 1000)), wallClockTime: BigInt(atSeconds * 1e9) }
  return history.lateSeconds(actual, START_MILLIS + atSeconds * 1000, TEMI, 1000)
}

describe('the relations that a companion was sent', () => {
  it('give how much later or earlier it presents', () => {
    const history = historyOf([0, 50, 1])
    expect(lateness(history, 10, 60)).toBe(0)
    expect(lateness(history, 10, 59.8)).toBeCloseTo(0.2, 6)
    expect(lateness(history, 10, 60.3)).toBeCloseTo(-0.3, 6)
  })

  it('count in seconds of the wall clock at any speed', () => {
    expect(lateness(historyOf([0, 0, 2]), 10, 19.6)).toBeCloseTo(0.2, 6)
    expect(lateness(historyOf([0, 100, -2]), 10, 80.4)).toBeCloseTo(0.2, 6)
    expect(lateness(historyOf([0, 50, 0]), 10, 49.9)).toBeCloseTo(0.1, 6)
  })

  it('compare a report with the relation that held when it was received', () => {
    const history = historyOf([0, 0, 1], [10, 500, 1])
    expect(lateness(history, 9, 9)).toBe(0)
    expect(lateness(history, 12, 502)).toBe(0)
    expect(lateness(history, 12, 12)).toBeCloseTo(490, 6)
  })

  it('let a report and a new relation cross on their way', () => {
    expect(lateness(historyOf([0, 0, 1], [10, 500, 1]), 10.1, 10.1)).toBeCloseTo(0, 6)
  })

  it('allow for the wrap of PTS on either side', () => {
    const history = new RelationHistory()
    const near = 2n ** 33n - 90_000n
    const timestamp = { contentTime: near, wallClockTime: 0n, timelineSpeedMultiplier: 1 }
    history.add({ value: timestamp, at: START_MILLIS }, 90_000)
    const late = (contentTime: bigint) =>
      history.lateSeconds({ contentTime, wallClockTime: 2_000_000_000n }, START_MILLIS + 2000, PTS, 90_000)
    expect(late(90_000n)).toBe(0)
    expect(late(2n ** 33n + 90_000n)).toBe(0)
    expect(late(72_000n)).toBeCloseTo(0.2, 6)
  })

  it('give nothing while the timeline is unavailable, or for a time before them', () => {
    const history = historyOf([10, 0, 1])
    expect(lateness(history, 9, 0)).toBeUndefined()
    const unavailable = { contentTime: null, wallClockTime: 20_000_000_000n, timelineSpeedMultiplier: null }
    history.add({ value: unavailable, at: START_MILLIS + 20_000 }, 1000)
    expect(lateness(history, 21, 11)).toBeUndefined()
    expect(history.availableAt).toBeNaN()
  })

  it('distinguish a jump from a correction', () => {
    expect(historyOf([0, 0, 1], [10, 10.005, 1]).jumpedAt).toBe(START_MILLIS)
    expect(historyOf([0, 0, 1], [10, 12, 1]).jumpedAt).toBe(START_MILLIS + 10_000)
    expect(historyOf([0, 0, 1], [10, 10, 0]).jumpedAt).toBe(START_MILLIS + 10_000)
  })
})
