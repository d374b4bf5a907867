import { describe, expect, it } from 'vitest'
import {
  encodeWallClockJson,
  encodeWallClockMessage,
  type WallClockMessage,
  WallClockMessageType,
} from '../../../../src/messages/index.js'
import { Simulation } from '../../../helpers/wall-clock-simulation.js'

const altered = (message: WallClockMessage, alter: (bytes: Uint8Array) => void): Uint8Array => {
  const bytes = Buffer.concat([encodeWallClockMessage(message), Buffer.alloc(8, 0xff)])
  alter(bytes)
  return bytes
}
/** A server in JSON rounds the times to doubles, which are 238 ns apart for a time of day. */
const rounded = (message: WallClockMessage): string => JSON.stringify(JSON.parse(encodeWallClockJson(message)))

const ODDITIES: [
  name: string,
  lie: (message: WallClockMessage, index: number) => WallClockMessage | string | Uint8Array,
][] = [
  ['bytes after the message', (message) => altered(message, () => {})],
  ['another version', (message) => altered(message, (bytes) => bytes.set([7], 0)).subarray(0, 32)],
  ['a reserved byte', (message) => altered(message, (bytes) => bytes.set([1], 3)).subarray(0, 32)],
  ['no precision', (message) => altered(message, (bytes) => bytes.set([0], 2)).subarray(0, 32)],
  ['the type of the request', (message) => ({ ...message, type: WallClockMessageType.request })],
  ['JSON in reply to 32 bytes', rounded],
  ['JSON in a binary frame', (message) => Buffer.from(rounded(message))],
  ['numbers in strings', (message) => rounded(message).replace(/:([\d.e-]+)/g, ':"$1"')],
  ['a byte order mark and a NUL', (message) => `\ufeff${rounded(message)}\0`],
  ['now valid, now odd', (message, index) => (index % 2 === 0 ? message : altered(message, () => {}))],
]

describe('a wall clock whose answers are odd', () => {
  it.each(ODDITIES)('keeps the clock within its error bound: %s', (_name, lie) => {
    const simulation = new Simulation({
      parentPpm: 400,
      serverPpm: -400,
      statedPpm: 500,
      serverStart: 1_700_000_000e9,
      fate: (index) => ({ outward: 0.0001 + (index % 7) * 0.001, homeward: 0.0001 + (index % 3) * 0.002 }),
      lie,
    })
    simulation.client.start()
    simulation.run(1)
    for (let tenths = 0; tenths < 300; tenths++) {
      simulation.run(0.1)
      const { error, dispersion } = simulation.sample()
      expect(error).toBeLessThanOrEqual(dispersion)
    }
    const { available, forgiven, protocolErrors } = simulation.client.status()
    expect(available).toBe(true)
    expect(protocolErrors).toBe(0)
    // JSON in text frames is as good as 32 bytes.
    if (lie !== rounded) expect(Object.keys(forgiven).length).toBeGreaterThan(0)
    expect(simulation.errors.every((event) => event.forgiven === true)).toBe(true)
    expect(new Set(simulation.errors.map(({ reason }) => reason)).size).toBe(simulation.errors.length)
  })

  it('is ignored and counted if it answers no request', () => {
    const simulation = new Simulation({
      lie: (message) =>
        altered({ ...message, originateNanos: message.originateNanos ^ 1n }, (bytes) => bytes.set([7], 0)),
    })
    simulation.client.start()
    simulation.run(3)
    const { available, forgiven, protocolErrors } = simulation.client.status()
    expect({ available, forgiven }).toEqual({ available: false, forgiven: {} })
    expect(protocolErrors).toBeGreaterThan(0)
  })

  it('is not our own request that somebody sends back', () => {
    const simulation = new Simulation({
      lie: (message) => ({ ...message, type: WallClockMessageType.request, receiveNanos: 0n, transmitNanos: 0n }),
    })
    simulation.client.start()
    simulation.run(3)
    const { available, ignored } = simulation.client.status()
    expect(available).toBe(false)
    expect(ignored['not-a-response']).toBeGreaterThan(0)
  })
})
