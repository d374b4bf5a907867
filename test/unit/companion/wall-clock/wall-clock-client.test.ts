import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, SystemClock } from '../../../../src/clocks/index.js'
import { WallClockClient } from '../../../../src/companion/wall-clock/wall-clock-client.js'
import type { WallClockClientEvents } from '../../../../src/companion/wall-clock/wall-clock-events.js'
import { type WallClockMessage, WallClockMessageType } from '../../../../src/messages/index.js'
import { Simulation, type SimulationOptions } from '../../../helpers/wall-clock-simulation.js'

function started(options: SimulationOptions = {}): Simulation {
  const simulation = new Simulation(options)
  simulation.client.start()
  return simulation
}

function heard<Name extends keyof WallClockClientEvents>(
  { client }: Simulation,
  name: Name,
): WallClockClientEvents[Name][] {
  const events: WallClockClientEvents[Name][] = []
  client.on(name, (event) => events.push(event))
  return events
}

const NO_SERVER = { isLost: true }

describe('a wall clock client', () => {
  it('has no clock, and a bound without end, before there is an answer', () => {
    const simulation = started({ fate: () => NO_SERVER })
    simulation.run(0.5)
    expect(simulation.client.clock.available).toBe(false)
    expect(simulation.client.status()).toMatchObject({ offsetSeconds: undefined, dispersionSeconds: Infinity })
    expect(simulation.sample().dispersion).toBeGreaterThan(1e300)
  })

  it('has the time of the server after one answer, to half the round trip', () => {
    const simulation = new Simulation({ statedPpm: 0, fate: () => ({ outward: 0.002, homeward: 0.002 }) })
    const available = heard(simulation, 'available')
    simulation.client.start()
    simulation.run(0.0041)
    expect(available).toHaveLength(1)
    expect(simulation.client.status()).toMatchObject({ available: true, responses: 1 })
    expect(simulation.client.status().offsetSeconds).toBeCloseTo(72, 8)
    expect(simulation.client.status().roundTripSeconds).toBeCloseTo(0.004, 8)
    expect(simulation.sample().error).toBeLessThan(1e-8)
    expect(simulation.sample().dispersion).toBeCloseTo(0.002, 6)
  })

  it('sends requests with unique originate times that reveal nothing', () => {
    const simulation = started()
    simulation.run(5)
    const originates = simulation.requests.map((bytes) => Buffer.from(bytes.subarray(8, 16)).toString('hex'))
    expect(new Set(originates).size).toBe(originates.length)
    for (const bytes of simulation.requests) expect(Buffer.from(bytes).readUInt32BE(12)).toBeLessThan(1e9)
  })

  it('sends quick requests at the start, and one per second once settled', () => {
    const simulation = started()
    simulation.run(1)
    expect(simulation.requestSeconds.length).toBeGreaterThanOrEqual(32)
    const before = simulation.requestSeconds.length
    simulation.run(10)
    expect(simulation.requestSeconds.length - before).toBe(10)
  })

  it('never exceeds the rate of its options', () => {
    const simulation = started({ client: { minRequestIntervalSeconds: 0.05 } })
    simulation.run(3)
    const { requestSeconds } = simulation
    const gaps = requestSeconds.slice(1).map((at, index) => at - (requestSeconds[index] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.05)
    expect(requestSeconds.length).toBeGreaterThan(30)
  })

  it('does not multiply its requests when answers take longer than its patience', () => {
    const simulation = started({ fate: () => ({ outward: 0.2, homeward: 0.2 }) })
    simulation.run(10)
    expect(simulation.requestSeconds.length).toBeLessThan(60)
  })

  it('becomes unavailable when silence has let the bound grow past the option, and available with the next answer', () => {
    const simulation = new Simulation({ client: { maxDispersionSeconds: 0.01 } })
    const unavailable = heard(simulation, 'unavailable')
    simulation.client.start()
    simulation.run(2)
    simulation.isServerUp = false
    simulation.run(7)
    expect(simulation.client.clock.available).toBe(true)
    simulation.run(3)
    expect(simulation.client.clock.available).toBe(false)
    expect(unavailable).toEqual([{ reason: 'dispersion', dispersionSeconds: expect.closeTo(0.01, 4) }])
    simulation.isServerUp = true
    simulation.run(3)
    expect(simulation.client.clock.available).toBe(true)
    expect(simulation.errors).toEqual([])
  })

  it('reports and counts requests without an answer', () => {
    const simulation = new Simulation({ fate: (index) => (index === 3 ? NO_SERVER : {}) })
    const timeouts = heard(simulation, 'timeout')
    simulation.client.start()
    simulation.run(3)
    expect(timeouts).toEqual([{ waitedFor: 'response', waitedSeconds: expect.closeTo(1, 2), timeouts: 1 }])
    expect(simulation.client.status().timeouts).toBe(1)
  })

  it('ignores duplicates, strangers, requests and answers that come too late, each with its reason', () => {
    const simulation = new Simulation({
      client: { responseTimeoutSeconds: 0.3, strict: true },
      fate: (index) => (index === 0 ? { homeward: 0.5 } : index === 1 ? { duplicateAfter: 0.05 } : {}),
      lie: (message, index) => {
        if (index === 2) return { ...message, originateNanos: message.originateNanos ^ 1n }
        return index === 3 ? { ...message, type: WallClockMessageType.request } : message
      },
    })
    simulation.client.start()
    simulation.run(4)
    expect(simulation.client.status()).toMatchObject({
      ignored: { duplicate: 1, stranger: 1, late: 1, 'not-a-response': 1 },
      protocolErrors: 0,
    })
  })

  it('reports a flood of invalid answers a few times, and counts all of them', () => {
    const simulation = started()
    simulation.run(3)
    const invalid = [new Uint8Array(31), new Uint8Array(32).fill(7), new Uint8Array(0)]
    for (let i = 0; i < 3000; i++) simulation.handlers?.message(invalid[i % 3] ?? '', simulation.parent.now())
    expect(simulation.errors).toHaveLength(10)
    expect(simulation.client.status().protocolErrors).toBe(3000)
    simulation.run(5)
    for (let i = 0; i < 3000; i++) simulation.handlers?.message('{', simulation.parent.now())
    expect(simulation.errors).toHaveLength(15)
    expect(simulation.client.status()).toMatchObject({ protocolErrors: 6000, available: true })
  })

  it('uses the transmit time of a follow-up, and the receive time of the response', () => {
    const early = 500_000n
    const simulation = new Simulation({
      fate: () => ({ outward: 0.001, homeward: 0.001, followUpAfter: 0.0001 }),
      // The response states a time half a millisecond before it left, as when the server is held up in between.
      lie: (message) =>
        message.type === WallClockMessageType.responseWithFollowUp
          ? { ...message, receiveNanos: message.receiveNanos - early, transmitNanos: message.transmitNanos - early }
          : { ...message, receiveNanos: message.receiveNanos - early },
    })
    const candidates = heard(simulation, 'candidate')
    simulation.client.start()
    simulation.run(0.5)
    expect(candidates[0]?.candidate).toMatchObject({ followedUp: true })
    expect(candidates[0]?.candidate.roundTripSeconds).toBeCloseTo(0.0014, 6)
    expect(simulation.client.status()).toMatchObject({ protocolErrors: 0, followUpTimeouts: 0 })
    expect(simulation.client.status().followUps).toBeGreaterThan(30)
    expect(simulation.sample().error).toBeLessThanOrEqual(simulation.sample().dispersion)
  })

  it('uses the response if the announced follow-up never arrives, and reports that', () => {
    const simulation = new Simulation({ fate: () => ({ followUpAfter: 0.001, isFollowUpLost: true }) })
    const timeouts = heard(simulation, 'timeout')
    const candidates = heard(simulation, 'candidate')
    simulation.client.start()
    simulation.run(0.25)
    expect(candidates[0]?.candidate).toMatchObject({ followedUp: false })
    expect(timeouts[0]).toMatchObject({ waitedFor: 'follow-up', waitedSeconds: expect.closeTo(0.2, 2) })
    expect(simulation.client.clock.available).toBe(true)
  })

  it('uses the response if the transmit time of the follow-up is after its arrival', () => {
    const simulation = new Simulation({ fate: () => ({ followUpAfter: 0.01 }) })
    const candidates = heard(simulation, 'candidate')
    simulation.client.start()
    simulation.run(1)
    expect(candidates[0]?.candidate).toMatchObject({ followedUp: false, roundTripSeconds: expect.closeTo(0.002, 6) })
    expect(simulation.errors).toEqual([])
  })

  it('is not surer than the response allows when a follow-up is read too late', () => {
    // It left 30 ms before the arrival; the follow-up says 10 ms.
    const simulation = started({ statedPpm: 0, fate: () => ({ outward: 0.2, homeward: 0.03, followUpAfter: 0.02 }) })
    simulation.run(1)
    const { error, dispersion } = simulation.sample()
    expect(error).toBeGreaterThan(0.0949)
    expect(dispersion).toBeGreaterThanOrEqual(error)
  })

  it('steps to a restarted server once three answers agree, and discards earlier measurements', () => {
    const simulation = new Simulation()
    const adjusted = heard(simulation, 'adjusted')
    simulation.client.start()
    simulation.run(3)
    simulation.serverStart = 1.8e18
    simulation.run(2)
    expect(simulation.errors.map(({ reason }) => reason)).toEqual(['inconsistent', 'inconsistent'])
    expect(adjusted.filter(({ stepped }) => stepped)).toEqual([
      expect.objectContaining({ stepSeconds: expect.closeTo(1.8e9 - 77, 0) }),
    ])
    expect(simulation.sample().error).toBeLessThan(1e-6)
  })

  it('stays with its clock when answers contradict it and each other', () => {
    const simulation = started({
      lie: (message, index) =>
        index < 40 ? message : { ...message, receiveNanos: BigInt(index) * 10n ** 12n, transmitNanos: 10n ** 17n },
    })
    const shifted = started({
      lie: (message, index) => {
        const shift = index < 40 ? 0n : BigInt(index % 2) * 10n ** 12n + 10n ** 12n
        const [receiveNanos, transmitNanos] = [message.receiveNanos + shift, message.transmitNanos + shift]
        return { ...message, receiveNanos, transmitNanos }
      },
    })
    for (const each of [simulation, shifted]) {
      each.run(30)
      expect(each.errors.length).toBeGreaterThan(3)
      expect(each.sample().error).toBeLessThanOrEqual(each.sample().dispersion)
    }
  })

  it('slews to a new reading instead of jumping, when asked to', () => {
    const fate = (index: number): { outward: number; homeward: number } =>
      index < 35 ? { outward: 0.05, homeward: 0.01 } : { outward: 0.001, homeward: 0.001 }
    const run = (slew: boolean): number => {
      const simulation = started({ client: { slew }, fate })
      simulation.run(0.3)
      let last = simulation.client.clock.now() - simulation.serverNanos()
      let greatest = 0
      for (let i = 0; i < 12_000; i++) {
        simulation.run(0.01)
        const lead = simulation.client.clock.now() - simulation.serverNanos()
        greatest = Math.max(greatest, Math.abs(lead - last))
        last = lead
      }
      expect(Math.abs(last)).toBeLessThan(100)
      return greatest
    }
    expect(run(true)).toBeLessThan(0.01 * 501e3)
    expect(run(false)).toBeGreaterThan(15e6)
  })

  it('discards all measurements when the parent clock is set, and starts again', () => {
    const root = new SystemClock()
    const parent = new CorrelatedClock(root)
    let isOpen = 0
    const client = new WallClockClient({
      parentClock: parent,
      transport: {
        url: 'none',
        isJson: false,
        start: (handlers) => {
          isOpen += 1
          handlers.opened()
        },
        send: (message) => {
          isOpen += message.length
        },
        stop: () => {},
      },
    })
    client.start()
    parent.correlation = new Correlation({ childTicks: 1e12 })
    expect(client.status()).toMatchObject({ available: false, offsetSeconds: undefined, dispersionSeconds: Infinity })
    expect(isOpen).toBe(33)
    client.stop()
  })

  it('is unavailable after a stop, and starts afresh when restarted', () => {
    const simulation = new Simulation()
    const unavailable = heard(simulation, 'unavailable')
    simulation.client.start()
    simulation.run(1)
    simulation.client.stop()
    const sent = simulation.requestSeconds.length
    simulation.run(5)
    expect(simulation.requestSeconds).toHaveLength(sent)
    expect(unavailable).toEqual([{ reason: 'stopped', dispersionSeconds: expect.any(Number) }])
    simulation.client.start()
    simulation.run(1)
    expect(simulation.client.clock.available).toBe(true)
  })

  it('names the invalid option, its value and the expected values', () => {
    const make = (options: object) => () => new WallClockClient({ transport: 'ws://127.0.0.1:1', ...options })
    expect(make({ requestIntervalSeconds: 0 })).toThrow(
      '"requestIntervalSeconds" must be a number of seconds above 0 and up to 1000000; received 0',
    )
    expect(make({ minRequestIntervalSeconds: -1 })).toThrow(
      '"minRequestIntervalSeconds" must be a number of seconds from 0 to 2147483; received -1',
    )
    expect(make({ maxDispersionSeconds: '1' })).toThrow(
      '"maxDispersionSeconds" must be a number of seconds above 0; received "1"',
    )
    expect(make({ transport: 'http://x' })).toThrow(
      '"transport" must be a URL udp://host:port, ws://… or wss://…, or a transport; received http://x/',
    )
    expect(make({ parentClock: 7 })).toThrow('"parentClock" must be a Clock; received 7')
    expect(make({ encoding: 'xml' })).toThrow('"encoding" must be "binary" or "json"; received "xml"')
    expect(make({ slew: { maxRatePpm: 1e6 } })).toThrow(
      '"slew.maxRatePpm" must be a number of ppm above 0 and up to 100000; received 1000000',
    )
  })
})

const bytesOf = (message: WallClockMessage, alter: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(32)
  bytes[1] = 1
  bytes.writeUInt32BE(Number(message.originateNanos / 1_000_000_000n), 8)
  bytes.writeUInt32BE(Number(message.originateNanos % 1_000_000_000n), 12)
  alter(bytes)
  return bytes
}

const LIES: [reason: string, lie: (message: WallClockMessage) => WallClockMessage | string | Uint8Array][] = [
  ['transmit-before-receive', (message) => ({ ...message, transmitNanos: message.receiveNanos - 1n })],
  ['longer-than-the-round-trip', (message) => ({ ...message, transmitNanos: message.receiveNanos + 10n ** 9n })],
  ['precision', (message) => ({ ...message, precisionSeconds: 2 ** 127 })],
  ['frequency-error', (message) => bytesOf(message, (bytes) => bytes.writeUInt32BE(0xffff_ffff, 4))],
  ['inconsistent', (message) => ({ ...message, receiveNanos: 1n, transmitNanos: 1n })],
  ['wrong-length', () => new Uint8Array(31)],
  ['wrong-length', () => new Uint8Array(0)],
  ['wrong-version', (message) => bytesOf(message, (bytes) => bytes.writeUInt8(1, 0))],
  ['invalid-value', (message) => bytesOf(message, (bytes) => bytes.writeUInt8(9, 1))],
  ['not-json', () => 'hello'],
  ['not-an-object', () => '[]'],
  ['missing', () => '{}'],
  ['wrong-type', () => '{"v":0,"t":1,"p":"x","mfe":1,"otvs":1,"otvn":1,"rt":1,"tt":1}'],
]

describe('a wall clock client whose server lies', () => {
  for (const [reason, lie] of LIES) {
    it(`reports ${reason}, changes nothing, and lives, strictly`, () => {
      const simulation = started({
        client: { strict: true },
        lie: (message, index) => (index === 40 ? lie(message) : message),
      })
      for (let i = 0; i < 200 && simulation.requestSeconds.length < 41; i++) simulation.run(0.1)
      const { correlation } = simulation.client.clock
      simulation.run(0.05)
      expect(simulation.errors).toEqual([{ reason, detail: expect.stringMatching(/expected/) }])
      expect(simulation.client.clock.correlation).toEqual(correlation)
      simulation.run(3)
      expect(simulation.client.clock.correlation).not.toEqual(correlation)
      expect(simulation.errors).toHaveLength(1)
    })
  }
})
