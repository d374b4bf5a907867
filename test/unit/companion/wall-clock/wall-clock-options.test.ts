import { describe, expect, it } from 'vitest'
import { SystemClock } from '../../../../src/clocks/index.js'
import { WallClockClient } from '../../../../src/companion/wall-clock/wall-clock-client.js'
import { Simulation, type SimulationOptions } from '../../../helpers/wall-clock-simulation.js'

const make = (options: object) => () => new WallClockClient({ transport: 'ws://127.0.0.1:1', ...options })

describe('options of a wall clock client that contradict each other', () => {
  it('are refused, with the reason', () => {
    expect(make({ minRequestIntervalSeconds: 2 })).toThrow(
      '"minRequestIntervalSeconds" must be a number of seconds up to requestIntervalSeconds (1); received 2',
    )
    expect(make({ requestIntervalSeconds: 60, maxDispersionSeconds: 0.03 })).toThrow(
      '"maxDispersionSeconds" must be a number of seconds above 0.03, the drift of the parent clock in 60 s at 500 ppm; received 0.03',
    )
    const parentClock = new SystemClock({ maxFreqErrorPpm: 50 })
    expect(make({ requestIntervalSeconds: 60, maxDispersionSeconds: 0.03, parentClock })).not.toThrow()
    for (const option of ['requestIntervalSeconds', 'responseTimeoutSeconds', 'followUpTimeoutSeconds']) {
      const expected = `"${option}" must be a number of seconds above 0 and up to 1000000; received`
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, '1']) {
        expect(make({ [option]: value })).toThrow(expected)
      }
    }
    expect(make({ algorithm: {} })).toThrow('"algorithm" must be an object with add() and reset(); received {}')
    expect(make({ slew: 'yes' })).toThrow('"slew" must be a boolean, or an object; received "yes"')
  })
})

/** A server that states this precision; its clock is right all the same. */
function serverOf(precisionSeconds: number, options: SimulationOptions = {}): Simulation {
  const simulation = new Simulation({ ...options, lie: (message) => ({ ...message, precisionSeconds }) })
  simulation.client.start()
  simulation.run(5)
  return simulation
}

describe('a server that states a coarse precision', () => {
  for (const precisionSeconds of [2 ** -1, 1, 2]) {
    for (const requestIntervalSeconds of [1, 60]) {
      it(`of ${precisionSeconds} s is usable, and the bound says so, at an interval of ${requestIntervalSeconds} s`, () => {
        const simulation = serverOf(precisionSeconds, { client: { requestIntervalSeconds } })
        const before = simulation.requestSeconds.length
        for (let i = 0; i < 600; i++) {
          simulation.run(1)
          expect(simulation.client.clock.available).toBe(true)
          expect(simulation.sample().dispersion).toBeGreaterThan(precisionSeconds)
        }
        expect(simulation.requestSeconds.length - before).toBeLessThanOrEqual((1.2 * 600) / requestIntervalSeconds)
        expect(simulation.errors.filter(({ forgiven }) => forgiven !== true)).toEqual([])
        // The field of a server that never sets it is 0.
        const isZero = precisionSeconds === 1
        expect(simulation.errors.map(({ reason }) => reason)).toEqual(isZero ? ['precision-zero'] : [])
      })
    }
  }

  it('is rejected with the reason if the option requires more', () => {
    const simulation = serverOf(1, { client: { maxDispersionSeconds: 1 } })
    expect(simulation.client.clock.available).toBe(false)
    expect(simulation.client.status().offsetSeconds).toBeUndefined()
    expect(simulation.errors[0]).toEqual({
      reason: 'precision',
      detail: 'expected a precision below maxDispersionSeconds (1), received 1',
    })
  })

  it('becomes unavailable again when silence adds a second to it', () => {
    const simulation = serverOf(1)
    simulation.isServerUp = false
    simulation.run(900)
    expect(simulation.client.clock.available).toBe(true)
    simulation.run(200)
    expect(simulation.client.clock.available).toBe(false)
  })
})

describe('a server that states a large frequency error', () => {
  for (const statedPpm of [5000, 50_000, 100_000]) {
    for (const requestIntervalSeconds of [0.1, 1, 60]) {
      it(`of ${statedPpm} ppm is usable at an interval of ${requestIntervalSeconds} s`, () => {
        const simulation = new Simulation({
          client: { requestIntervalSeconds },
          lie: (message) => ({ ...message, maxFreqErrorPpm: statedPpm }),
        })
        simulation.client.start()
        simulation.run(1)
        for (let i = 0; i < 300; i++) {
          simulation.run(1)
          expect(simulation.client.clock.available).toBe(true)
          expect(simulation.sample().error).toBeLessThanOrEqual(simulation.sample().dispersion)
        }
        expect(simulation.requestSeconds.length / 301).toBeLessThanOrEqual(
          1.2 / Math.min(requestIntervalSeconds, 1) + 0.3,
        )
      })
    }
  }
})
