import { describe, expect, it } from 'vitest'
import { measureNetwork, NETWORKS } from '../../../helpers/wall-clock-networks.js'
import { Simulation, type SimulationOptions } from '../../../helpers/wall-clock-simulation.js'

function started(options: SimulationOptions): Simulation {
  const simulation = new Simulation(options)
  simulation.client.start()
  return simulation
}

/** How many requests a simulation sends in the next seconds. */
function requestsIn(simulation: Simulation, seconds: number): number {
  const before = simulation.requestSeconds.length
  simulation.run(seconds)
  return simulation.requestSeconds.length - before
}

/** A server whose clock jumps ahead by 10 s after every third answer. */
const steppingServer: SimulationOptions['lie'] = (message, index) => {
  const ahead = BigInt(Math.floor(index / 3)) * 10n ** 10n
  return { ...message, receiveNanos: message.receiveNanos + ahead, transmitNanos: message.transmitNanos + ahead }
}

/** Two servers behind one address, 5 s apart. */
const twoServers: SimulationOptions['lie'] = (message, index) => {
  const ahead = (index * 7919) % 13 < 6 ? 5n * 10n ** 9n : 0n
  return { ...message, receiveNanos: message.receiveNanos + ahead, transmitNanos: message.transmitNanos + ahead }
}

describe('the request rate of a wall clock client', () => {
  for (const name of Object.keys(NETWORKS)) {
    for (const requestIntervalSeconds of [0.1, 1, 10, 60]) {
      it(`is at most 1.2 times per interval of ${requestIntervalSeconds} s, never off by more than the bound: ${name}`, () => {
        const figures = measureNetwork(name, 7, { requestIntervalSeconds })
        expect(figures.requestsPerInterval).toBeGreaterThan(0.9)
        expect(figures.requestsPerInterval).toBeLessThanOrEqual(1.2)
        expect(figures.violations).toBe(0)
      })
    }
  }

  it('costs no precision in a network that jitters and loses', () => {
    const medians = [1, 2, 3].map(
      (seed) => measureNetwork('wifi, 5 ± 3 ms each way, 5 % lost', seed).medianErrorSeconds,
    )
    expect(Math.max(...medians)).toBeLessThan(400e-6)
  })

  for (const [server, lie] of Object.entries({ 'steps all the time': steppingServer, 'has two clocks': twoServers })) {
    for (const requestIntervalSeconds of [1, 60]) {
      it(`stays low when the server ${server}, at an interval of ${requestIntervalSeconds} s`, () => {
        const simulation = started({ lie, client: { requestIntervalSeconds } })
        expect(requestsIn(simulation, 1)).toBeLessThanOrEqual(20)
        expect(requestsIn(simulation, 9)).toBeLessThanOrEqual(25)
        expect(requestsIn(simulation, 300) / 300).toBeLessThanOrEqual(1.25)
      })
    }
  }

  it('includes one immediate request on demand, even if all quick requests are used up', () => {
    const simulation = started({ lie: steppingServer, client: { requestIntervalSeconds: 60 } })
    simulation.run(300)
    const before = simulation.requestSeconds.length
    simulation.client.askNow()
    expect(simulation.requestSeconds.length).toBe(before + 1)
  })

  it('stays low with continual rechecks', () => {
    const simulation = started({})
    for (let i = 0; i < 1000; i++) {
      simulation.client.recheck()
      simulation.run(0.1)
    }
    expect(simulation.requestSeconds.length / 100).toBeLessThan(2)
  })

  it('stays low when answers are slow', () => {
    const simulation = started({ fate: () => ({ outward: 0.2, homeward: 0.2 }) })
    simulation.run(30)
    expect(requestsIn(simulation, 100)).toBeLessThanOrEqual(111)
  })

  it('is twice in every tenth interval, for an answer that finds both machines awake', () => {
    const simulation = started({})
    simulation.run(200)
    const { requestSeconds } = simulation
    const gaps = requestSeconds.slice(40).map((at, index) => at - (requestSeconds[index + 39] ?? 0))
    expect(gaps.filter((gap) => gap < 0.01).length).toBeGreaterThan(15)
    expect(gaps.filter((gap) => gap < 0.9).length).toBeLessThan(20)
  })

  it('costs no precision if machines take a while to wake up', () => {
    const { medianErrorSeconds } = measureNetwork('loopback, slow to wake up', 1)
    expect(medianErrorSeconds).toBeLessThan(20e-6)
  })

  it('falls to a quarter while the server is silent, and recovers with the first answer', () => {
    const simulation = started({})
    simulation.run(30)
    simulation.isServerUp = false
    simulation.run(10)
    expect(requestsIn(simulation, 100)).toBeLessThanOrEqual(26)
    simulation.isServerUp = true
    simulation.run(5)
    expect(requestsIn(simulation, 10)).toBeGreaterThanOrEqual(10)
  })

  it('falls as well when the server was silent from the start', () => {
    const simulation = started({ fate: () => ({ isLost: true }) })
    expect(requestsIn(simulation, 100)).toBeLessThanOrEqual(35)
  })

  it('repeats a lost request soon if the interval is long', () => {
    const simulation = started({ client: { requestIntervalSeconds: 60 } })
    simulation.run(5)
    simulation.isServerUp = false
    simulation.run(60.5)
    simulation.isServerUp = true
    const before = simulation.client.status().responses
    simulation.run(3)
    expect(simulation.client.status().responses).toBe(before + 1)
  })

  it('rises again for a step of the server, so that the new clock is known immediately', () => {
    const simulation = started({ client: { requestIntervalSeconds: 10 } })
    simulation.run(100)
    simulation.serverStart += 1e12
    simulation.run(10.1)
    expect(simulation.sample().error).toBeLessThan(1e-3)
    expect(simulation.client.clock.available).toBe(true)
  })

  it('rises if the error bound would exceed the limit before the next interval', () => {
    const simulation = started({ statedPpm: 5000, client: { requestIntervalSeconds: 100 } })
    for (let i = 0; i < 300; i++) {
      simulation.run(1)
      expect(simulation.client.clock.available).toBe(true)
    }
    expect(simulation.requestSeconds.length).toBeLessThan(60)
  })

  it('never has more requests under way than it can match with their answers', () => {
    const simulation = started({
      client: { requestIntervalSeconds: 0.002, responseTimeoutSeconds: 1 },
      fate: () => ({ outward: 0.3, homeward: 0.3 }),
    })
    simulation.run(5)
    expect(simulation.client.status()).toMatchObject({ timeouts: 0, ignored: { late: 0, stranger: 0 } })
    expect(simulation.client.status().responses).toBeGreaterThan(300)
  })
})
