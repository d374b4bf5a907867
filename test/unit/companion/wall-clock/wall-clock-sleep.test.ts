import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation } from '../../../../src/clocks/index.js'
import { Simulation, type SimulationOptions } from '../../../helpers/wall-clock-simulation.js'

function settled(options: SimulationOptions = {}): { simulation: Simulation; events: string[] } {
  const simulation = new Simulation(options)
  const events: string[] = []
  simulation.client.start()
  simulation.run(5)
  simulation.client.on('available', () => events.push('available'))
  simulation.client.on('unavailable', ({ reason }) => events.push(`unavailable: ${reason}`))
  simulation.client.on('adjusted', ({ stepped }) => {
    if (stepped) events.push('stepped')
  })
  return { simulation, events }
}

/** Whether the clock keeps its word now: it is unavailable, or off by no more than it says. */
function isHonest(simulation: Simulation): boolean {
  const { error, dispersion } = simulation.sample()
  return !simulation.client.clock.available || error <= dispersion
}

describe('a wall clock client whose machine sleeps', () => {
  for (const requestIntervalSeconds of [0.1, 1, 60]) {
    for (const seconds of [0.5, 5, 60, 36_000]) {
      it(`knows it at the first reading, after ${seconds} s at an interval of ${requestIntervalSeconds} s`, async () => {
        const { simulation, events } = settled({ client: { requestIntervalSeconds } })
        const { clock } = simulation.client
        const timeline = new CorrelatedClock(clock, { tickRate: 90_000 })
        const paused = new CorrelatedClock(clock, { speed: 0, correlation: new Correlation() })
        simulation.run(requestIntervalSeconds / 2)
        expect(clock.available).toBe(true)
        simulation.sleep(seconds)
        const ticks = clock.now()
        expect(clock.available || timeline.available || paused.available).toBe(false)
        expect(clock.dispersionAt(ticks)).toBeGreaterThanOrEqual(Math.abs(ticks - simulation.serverNanos()) / 1e9)
        await Promise.resolve()
        expect(events).toEqual(['unavailable: unconfirmed'])
        simulation.run(0.01)
        expect(events).toEqual(['unavailable: unconfirmed', 'stepped', 'available'])
        expect(simulation.sample().error).toBeLessThan(1e-4)
        expect(simulation.sample().dispersion).toBeLessThan(0.01)
        expect(timeline.available).toBe(true)
      })
    }
  }

  it('knows it from asking for availability alone', () => {
    const { simulation } = settled()
    simulation.sleep(60)
    expect(simulation.client.clock.available).toBe(false)
    expect(simulation.client.status()).toMatchObject({ available: false })
  })

  it('detects it within a second even if nothing reads the clock', () => {
    const { simulation, events } = settled({ client: { requestIntervalSeconds: 60 } })
    simulation.sleep(60)
    simulation.run(1.1)
    expect(events).toEqual(['unavailable: unconfirmed', 'stepped', 'available'])
  })

  it('does not use the answer to a request from before it slept', () => {
    const { simulation } = settled({ fate: () => ({ outward: 0.1, homeward: 0.1 }) })
    // The server has answered, and the answer waits in the socket.
    for (let i = 0; i < 100 && simulation.client.status().requests === simulation.client.status().responses; i++) {
      simulation.run(0.02)
    }
    simulation.run(0.15)
    expect(simulation.client.status().requests).toBe(simulation.client.status().responses + 1)
    simulation.sleep(60)
    simulation.run(0.06)
    expect(simulation.client.status().ignored.late).toBe(1)
    expect(simulation.client.clock.available).toBe(false)
    simulation.run(1)
    expect(simulation.client.clock.available).toBe(true)
    expect(simulation.sample().error).toBeLessThan(0.001)
  })

  it('does not use such an answer either when it would be the first', () => {
    const simulation = new Simulation({ fate: () => ({ outward: 0.01, homeward: 0.05 }) })
    simulation.client.start()
    simulation.run(0.05)
    simulation.sleep(60)
    simulation.run(0.02)
    expect(simulation.client.status()).toMatchObject({ responses: 0, ignored: { late: 1 } })
    expect(simulation.client.clock.available).toBe(false)
    simulation.run(1)
    expect(simulation.client.clock.available).toBe(true)
    expect(simulation.sample().error).toBeLessThan(0.05)
  })

  it('does not use such an answer either when it sleeps a second time', () => {
    const { simulation } = settled({ fate: () => ({ outward: 0.01, homeward: 0.05 }) })
    simulation.sleep(60)
    simulation.client.clock.now()
    simulation.run(1.02)
    for (let i = 0; i < 3; i++) {
      simulation.sleep(60)
      simulation.client.status()
      simulation.run(0.03)
      expect(simulation.client.clock.available).toBe(false)
    }
    simulation.run(5)
    expect(simulation.client.clock.available).toBe(true)
    expect(simulation.sample().error).toBeLessThanOrEqual(simulation.sample().dispersion)
  })

  it('never exceeds its error bound, however often and long it sleeps', async () => {
    for (const [index, seconds] of [0.001, 0.005, 0.02, 0.05, 0.1, 0.3, 1, 7].entries()) {
      const { simulation } = settled({ client: { requestIntervalSeconds: index % 2 === 0 ? 1 : 60 } })
      for (let i = 0; i < 40; i++) {
        simulation.run(0.37)
        simulation.sleep(seconds)
        // A sleep within the resolution of the time of day cannot be seen before there is an answer.
        if (seconds > 0.02) expect(isHonest(simulation)).toBe(true)
        await Promise.resolve()
        simulation.run(0.11)
      }
    }
  })

  it('only sends another request when the time of day is set ahead', async () => {
    const { simulation, events } = settled({ client: { requestIntervalSeconds: 60 } })
    simulation.timeOfDayAheadSeconds += 3600
    simulation.client.clock.now()
    await Promise.resolve()
    expect(events).toEqual(['unavailable: unconfirmed'])
    simulation.run(0.01)
    expect(events).toEqual(['unavailable: unconfirmed', 'available'])
    expect(simulation.sample().error).toBeLessThan(0.001)
  })

  it('does not mind when the time of day is set back, and knows of sleep after that', () => {
    const { simulation, events } = settled({ client: { requestIntervalSeconds: 60 } })
    simulation.timeOfDayAheadSeconds -= 3600
    simulation.client.clock.now()
    simulation.run(3)
    expect(events).toEqual([])
    simulation.sleep(10)
    expect(simulation.client.clock.available).toBe(false)
  })

  it('stays available beside a time of day that is read in coarse steps', async () => {
    let simulation: Simulation | undefined
    const timeOfDay = (): number => Math.floor((simulation?.seconds ?? 0) * 10) * 100
    simulation = new Simulation({ client: { timeOfDay } })
    const reasons: string[] = []
    simulation.client.on('unavailable', ({ reason }) => reasons.push(reason))
    simulation.client.start()
    for (let i = 0; i < 3000; i++) {
      simulation.run(0.0137)
      simulation.client.clock.now()
      await Promise.resolve()
    }
    expect(reasons.length).toBeLessThanOrEqual(5)
  })

  it('rejects a time of day that is not a function', () => {
    expect(() => new Simulation({ client: { timeOfDay: 7 as never } })).toThrow(
      '"timeOfDay" must be a function; received 7',
    )
  })
})
