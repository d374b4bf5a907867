import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CandidateAlgorithm } from '../../../../src/companion/wall-clock/candidate.js'
import { FilterAndPredictAlgorithm } from '../../../../src/companion/wall-clock/filter-and-predict-algorithm.js'
import { NarrowestIntervalAlgorithm } from '../../../../src/companion/wall-clock/narrowest-interval-algorithm.js'
import {
  LowestDispersionAlgorithm,
  MostRecentAlgorithm,
} from '../../../../src/companion/wall-clock/single-candidate-algorithms.js'
import { type Fate, Simulation } from '../../../helpers/wall-clock-simulation.js'

const ALGORITHMS: Record<string, () => CandidateAlgorithm> = {
  'narrowest interval': () => new NarrowestIntervalAlgorithm(),
  'lowest dispersion': () => new LowestDispersionAlgorithm(),
  'most recent': () => new MostRecentAlgorithm(),
  'filter and predict': () => new FilterAndPredictAlgorithm({ maxRoundTripRatio: 4, minSpanSeconds: 2 }),
}

const seconds = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true })
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 })

const fate: fc.Arbitrary<Fate> = fc
  .record({
    outward: seconds(0.4),
    served: seconds(0.01),
    homeward: seconds(0.4),
    followUpAfter: sometimes(seconds(0.3)),
    isLost: fc.nat(4).map((n) => n === 0),
    isFollowUpLost: fc.nat(3).map((n) => n === 0),
    duplicateAfter: sometimes(seconds(0.5)),
  })
  .map(({ followUpAfter, duplicateAfter, ...rest }) => ({
    ...rest,
    ...(followUpAfter === undefined ? {} : { followUpAfter }),
    ...(duplicateAfter === undefined ? {} : { duplicateAfter }),
  }))

const world = fc.integer({ min: 0, max: 50_000 }).chain((statedPpm) =>
  fc.record({
    statedPpm: fc.constant(statedPpm),
    parentPpm: fc.oneof(fc.integer({ min: -statedPpm, max: statedPpm }), fc.constantFrom(-statedPpm, statedPpm)),
    serverPpm: fc.oneof(fc.integer({ min: -statedPpm, max: statedPpm }), fc.constantFrom(-statedPpm, statedPpm)),
    serverStart: fc.oneof(fc.integer({ min: 0, max: 1e15 }), fc.constantFrom(0, 1.8e18, 4e18)),
    parentStart: fc.oneof(fc.integer({ min: 0, max: 1e15 }), fc.constantFrom(0, 2 ** 53)),
    fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
    isJson: fc.boolean(),
  }),
)

describe('the bound of the wall clock', () => {
  for (const [name, algorithm] of Object.entries(ALGORITHMS)) {
    for (const slew of [false, true]) {
      it(`is never exceeded by the error, with ${name} ${slew ? 'and slewing' : 'and steps'}`, () => {
        fc.assert(
          fc.property(world, ({ fates, ...options }) => {
            const simulation = new Simulation({
              ...options,
              client: { algorithm: algorithm(), slew, maxDispersionSeconds: 100, requestIntervalSeconds: 0.7 },
              fate: (index) => fates[index % fates.length] ?? {},
            })
            simulation.client.start()
            // The check subtracts two readings that are rounded themselves.
            const roundingOfTheCheck = (options.serverStart * Number.EPSILON) / 1e9
            for (let i = 0; i < 150; i++) {
              // Towards the end the server is away, and the bound has to grow by itself.
              simulation.isServerUp = i < 120
              simulation.run(0.0937)
              const { error, dispersion } = simulation.sample()
              expect(error).toBeLessThanOrEqual(dispersion + roundingOfTheCheck)
            }
            // An honest server is never taken for another one, however bad the network.
            expect(simulation.errors).toEqual([])
            simulation.client.stop()
          }),
          { numRuns: 120 },
        )
      })
    }
  }
})
