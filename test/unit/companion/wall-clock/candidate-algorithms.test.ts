import { describe, expect, it } from 'vitest'
import { CorrelatedClock } from '../../../../src/clocks/index.js'
import { Candidate, type CandidateFields } from '../../../../src/companion/wall-clock/candidate.js'
import {
  FilteredAlgorithm,
  LowestDispersionFilter,
  RoundTripFilter,
} from '../../../../src/companion/wall-clock/candidate-filters.js'
import { measureCandidate } from '../../../../src/companion/wall-clock/candidate-measurement.js'
import { FilterAndPredictAlgorithm } from '../../../../src/companion/wall-clock/filter-and-predict-algorithm.js'
import { NarrowestIntervalAlgorithm } from '../../../../src/companion/wall-clock/narrowest-interval-algorithm.js'
import {
  LowestDispersionAlgorithm,
  MostRecentAlgorithm,
} from '../../../../src/companion/wall-clock/single-candidate-algorithms.js'
import { WallClockMessageType } from '../../../../src/messages/index.js'
import { manualClock } from '../../../helpers/manual-clock.js'

/** A candidate at a second of the parent clock, that says the wall clock is ahead by so many seconds. */
function candidate(second: number, leadSeconds: number, fields: Partial<CandidateFields> = {}): Candidate {
  const roundTripSeconds = fields.roundTripSeconds ?? 0.002
  return new Candidate({
    parentTicks: second * 1e9,
    ticks: (second + leadSeconds) * 1e9,
    speed: 1,
    parentTickRate: 1e9,
    errorSeconds: roundTripSeconds / 2,
    errorGrowthRate: 0.001,
    roundTripSeconds,
    receivedTicks: (second + roundTripSeconds / 2) * 1e9,
    followedUp: false,
    ...fields,
  })
}

describe('a candidate', () => {
  it('is less sure the further away the moment is, before and after', () => {
    const it = candidate(10, 5)
    expect(it.errorAt(10e9)).toBeCloseTo(0.001, 12)
    expect(it.errorAt(12e9)).toBeCloseTo(0.003, 12)
    expect(it.errorAt(8e9)).toBeCloseTo(0.003, 12)
    expect(it.offsetSeconds).toBeCloseTo(5, 9)
    expect(it.dispersionSeconds).toBeCloseTo(0.001001, 9)
  })

  it('agrees with another as long as their intervals meet', () => {
    expect(candidate(10, 0).agreesWith(candidate(10, 0.0019))).toBe(true)
    expect(candidate(10, 0).agreesWith(candidate(10, 0.0021))).toBe(false)
    expect(candidate(10, 0).agreesWith(candidate(11, 0.0029))).toBe(true)
    expect(candidate(10, 0).agreesWith(candidate(11, -0.0031))).toBe(false)
  })

  it('tells how far a line leads it to the nanosecond, also where the times are those of an epoch', () => {
    const early = candidate(0, 0, { parentTicks: 1e9, ticks: 1.8e18 })
    const line = { parentTicks: 3e9, ticks: 1.8e18 + 2e9 + 512, speed: 1 }
    expect(early.leadOf(line, 7e9)).toBeCloseTo(512e-9, 15)
    expect(early.leadOf({ ...line, speed: 1.0001 }, 7e9)).toBeCloseTo(512e-9 + 4e-4, 12)
  })
})

describe('the narrowest interval algorithm', () => {
  it('combines the lower limit of one candidate with the upper limit of another', () => {
    const algorithm = new NarrowestIntervalAlgorithm()
    const still = { errorGrowthRate: 0 }
    // 3 s lies within -1 … 5, 2 … 8 and -5 … 4: within 2 … 4.
    expect(algorithm.add(candidate(0, 2, { ...still, roundTripSeconds: 6 })).ticks).toBeCloseTo(2e9, 0)
    expect(algorithm.add(candidate(0, 5, { ...still, roundTripSeconds: 6 })).ticks).toBeCloseTo(3.5e9, 0)
    expect(algorithm.add(candidate(0, -0.5, { ...still, roundTripSeconds: 9 })).ticks).toBeCloseTo(3e9, 0)
    algorithm.reset()
    expect(algorithm.add(candidate(0, 7, still)).ticks).toBeCloseTo(7e9, 0)
  })

  it('follows a drift larger than usual, up to what both sides state', () => {
    const algorithm = new NarrowestIntervalAlgorithm()
    for (let second = 0; second < 60; second++) {
      const line = algorithm.add(candidate(second, second * 0.0009))
      expect(Math.abs(line.ticks / 1e9 - second - second * 0.0009)).toBeLessThan(0.001)
    }
  })

  it('follows the newest candidate when the older ones cannot agree with it', () => {
    const algorithm = new NarrowestIntervalAlgorithm()
    algorithm.add(candidate(0, 0))
    const other = candidate(1, 100)
    expect(algorithm.add(other)).toBe(other)
  })
})

describe('the lowest dispersion algorithm', () => {
  it('stays with a good candidate until a new one is surer as of now', () => {
    const algorithm = new LowestDispersionAlgorithm()
    const good = candidate(0, 0, { roundTripSeconds: 0.002 })
    const poor = candidate(1, 0, { roundTripSeconds: 0.006 })
    const late = candidate(4, 0, { roundTripSeconds: 0.006 })
    expect(algorithm.add(good, 0)).toBe(good)
    expect(algorithm.add(poor, 1e9)).toBeUndefined()
    expect(algorithm.add(late, 4e9)).toBe(late)
    algorithm.reset()
    expect(algorithm.add(poor, 4e9)).toBe(poor)
  })
})

describe('the most recent algorithm', () => {
  it('uses each candidate, except those older than the last', () => {
    const algorithm = new MostRecentAlgorithm()
    const poor = candidate(2, 0, { roundTripSeconds: 0.5 })
    expect(algorithm.add(candidate(1, 0))).toBeDefined()
    expect(algorithm.add(poor)).toBe(poor)
    expect(algorithm.add(candidate(1.5, 0))).toBeUndefined()
  })
})

describe('the filter and predict algorithm', () => {
  it('leaves out what took longer than the shortest by the ratio, or than the limit', () => {
    const byRatio = new FilterAndPredictAlgorithm({ maxRoundTripRatio: 1.5 })
    expect(byRatio.add(candidate(0, 0), 0)).toBeDefined()
    expect(byRatio.add(candidate(1, 0, { roundTripSeconds: 0.0031 }), 1e9)).toBeUndefined()
    expect(byRatio.add(candidate(2, 0, { roundTripSeconds: 0.0029 }), 2e9)).toBeDefined()
    const byLimit = new FilterAndPredictAlgorithm({ maxRoundTripSeconds: 0.001 })
    expect(byLimit.add(candidate(0, 0), 0)).toBeUndefined()
  })

  it('follows the surest one while they are too few, or too close together, for a frequency', () => {
    const algorithm = new FilterAndPredictAlgorithm({ minSpanSeconds: 4 })
    const surest = candidate(0, 0, { roundTripSeconds: 0.0019, errorGrowthRate: 0 })
    algorithm.add(surest, 0)
    for (let i = 1; i <= 5; i++) expect(algorithm.add(candidate(i / 10, 0), i * 1e8)).toBe(surest)
  })

  it('makes out the frequency as well as the offset', () => {
    const algorithm = new FilterAndPredictAlgorithm()
    const lead = (second: number): number => 3 + 40e-6 * second + (second % 2 === 0 ? 1e-6 : -1e-6)
    let line = algorithm.add(candidate(0, lead(0)), 0)
    for (let second = 1; second <= 60; second++) line = algorithm.add(candidate(second, lead(second)), second * 1e9)
    expect(((line?.speed ?? 0) - 1) * 1e6).toBeCloseTo(40, 0)
    const second = 61
    const predicted = (line?.ticks ?? 0) + (second * 1e9 - (line?.parentTicks ?? 0)) * (line?.speed ?? 0)
    expect(Math.abs(predicted / 1e9 - second - (3 + 40e-6 * second))).toBeLessThan(1e-6)
  })

  it('never estimates a frequency beyond the limits of the oscillators', () => {
    const algorithm = new FilterAndPredictAlgorithm()
    let line = algorithm.add(candidate(0, 0), 0)
    for (let second = 1; second <= 10; second++) line = algorithm.add(candidate(second, second * 0.01), second * 1e9)
    expect(line?.speed).toBe(1.001)
  })

  it('forgets what is too old', () => {
    const algorithm = new FilterAndPredictAlgorithm({ maxAgeSeconds: 10 })
    algorithm.add(candidate(0, 0, { roundTripSeconds: 0.0001 }), 0)
    expect(algorithm.add(candidate(5, 0), 5e9)).toBeUndefined()
    expect(algorithm.add(candidate(11, 0), 11e9)).toBeDefined()
  })
})

describe('filters in front of a predictor', () => {
  it('let through what all of them accept', () => {
    const algorithm = new FilteredAlgorithm([new RoundTripFilter(0.01), { accepts: ({ ticks }) => ticks !== 3e9 }], {
      add: (each) => each,
      reset: () => {},
    })
    const quick = candidate(1, 0, { roundTripSeconds: 0.01 })
    expect(algorithm.add(quick, 1e9)).toBe(quick)
    expect(algorithm.add(candidate(2, 0, { roundTripSeconds: 0.011 }), 2e9)).toBeUndefined()
    expect(algorithm.add(candidate(3, 0), 3e9)).toBeUndefined()
  })

  it('accept only lower error bounds, as of now, until they are reset', () => {
    const algorithm = new FilteredAlgorithm([new LowestDispersionFilter()], new MostRecentAlgorithm())
    const [sure, unsure] = [candidate(1, 0), candidate(2, 0, { roundTripSeconds: 0.01 })]
    expect(algorithm.add(sure, 1e9)).toBe(sure)
    expect(algorithm.add(unsure, 2e9)).toBeUndefined()
    // By then the old one has grown by 9 ms.
    const later = candidate(10, 0, { roundTripSeconds: 0.01 })
    expect(algorithm.add(later, 10e9)).toBe(later)
    algorithm.reset()
    expect(algorithm.add(unsure, 2e9)).toBe(unsure)
  })

  it.each([
    [
      () => new FilteredAlgorithm([{} as never], new MostRecentAlgorithm()),
      '"filters" must be an array of objects with accepts()',
    ],
    [() => new FilteredAlgorithm([], {} as never), '"predictor" must be an object with add() and reset()'],
    [() => new RoundTripFilter(0), '"maxRoundTripSeconds" must be a number of seconds above 0 or Infinity; received 0'],
  ])('reject invalid values: %#', (make, message) => {
    expect(make).toThrow(message)
  })
})

describe('a candidate that is made outside of a client', () => {
  const { clock: parent } = manualClock({ maxFreqErrorPpm: 100 })
  const response = {
    type: WallClockMessageType.response,
    precisionSeconds: 0.0005,
    maxFreqErrorPpm: 400,
    originateNanos: 0n,
    receiveNanos: 50_001_000_000n,
    transmitNanos: 50_003_000_000n,
  }

  it('has the offset and the bound of its exchange', () => {
    const { candidate: made, implausible } = measureCandidate(
      { sentTicks: 10e9, receivedTicks: 10.004e9, response },
      parent,
    )
    expect(implausible).toBeUndefined()
    expect(made?.offsetSeconds).toBeCloseTo(40, 9)
    expect(made?.roundTripSeconds).toBeCloseTo(0.002, 9)
    // Precision, half the round trip, and what both may drift in 4 ms.
    expect(made?.dispersionSeconds).toBeCloseTo(0.0005 + 0.001 + 0.000002, 6)
  })

  it('sets a correlated clock of any tick rate', () => {
    const { candidate: made } = measureCandidate({ sentTicks: 10e9, receivedTicks: 10.004e9, response }, parent)
    for (const tickRate of [1e9, 1e6]) {
      const clock = new CorrelatedClock(parent, { tickRate })
      if (made !== undefined) clock.correlation = made.correlation(tickRate)
      expect(clock.fromParent(12.002e9) / tickRate).toBeCloseTo(52.002, 9)
      expect(clock.dispersionAt(52.002 * tickRate)).toBeCloseTo(made?.errorAt(12.002e9) ?? 0, 8)
    }
  })

  it('is rejected if no correct server would send it, with the reason', () => {
    const exchange = { sentTicks: 10e9, receivedTicks: 10.004e9 }
    const backwards = { ...response, transmitNanos: 0n }
    expect(measureCandidate({ ...exchange, response: backwards }, parent)).toMatchObject({
      implausible: { reason: 'transmit-before-receive' },
    })
    const options = { maxDispersionSeconds: 0.0005 }
    expect(measureCandidate({ ...exchange, response }, parent, options).implausible?.reason).toBe('precision')
  })
})
