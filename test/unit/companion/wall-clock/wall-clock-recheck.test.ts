import { describe, expect, it } from 'vitest'
import type {
  WallClockTransport,
  WallClockTransportHandlers,
} from '../../../../src/companion/connections/wall-clock-transport.js'
import { WallClockClient } from '../../../../src/companion/wall-clock/wall-clock-client.js'
import { decodeWallClockMessage, encodeWallClockMessage } from '../../../../src/messages/index.js'
import { manualClock } from '../../../helpers/manual-clock.js'

/** A server on the other end of a very short line: answers when it is told to, with a clock so far ahead. */
class Line implements WallClockTransport {
  readonly url = 'line:'
  readonly isJson = false
  aheadNanos = 0
  #handlers: WallClockTransportHandlers | undefined
  #now: () => number = () => 0
  #requests: Uint8Array[] = []

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    this.#handlers = handlers
    this.#now = now
  }
  send(message: Uint8Array | string): void {
    this.#requests.push(message as Uint8Array)
  }
  stop(): void {}

  open(): void {
    this.#handlers?.opened()
  }
  drop(): void {
    this.#requests = []
    this.#handlers?.closed('cut')
  }
  /** Requests that wait for an answer. */
  get pending(): number {
    return this.#requests.length
  }
  /** Answers the oldest request. */
  answer(): void {
    const request = decodeWallClockMessage(this.#requests.shift() ?? new Uint8Array())
    const time = BigInt(Math.round(this.#now() + this.aheadNanos))
    const response = { ...request, type: 1 as const, precisionSeconds: 1e-6, receiveNanos: time, transmitNanos: time }
    this.#handlers?.message(encodeWallClockMessage(response), this.#now())
  }
}

function setUp() {
  const line = new Line()
  const parent = manualClock({ precisionSeconds: 1e-6 })
  const timers = new Set<{ at: number; run: () => void }>()
  const client = new WallClockClient({
    transport: line,
    parentClock: parent.clock,
    timeOfDay: () => parent.nanos / 1e6,
    timers: {
      set(run, millis) {
        const timer = { at: parent.nanos + millis * 1e6, run }
        timers.add(timer)
        return timer
      },
      clear: (timer) => timers.delete(timer as { at: number; run: () => void }),
    },
  })
  /** Lets the time pass that it takes until the client sends a request. */
  const untilRequest = (): void => {
    while (line.pending === 0) {
      const [next] = [...timers].sort((one, other) => one.at - other.at)
      if (next === undefined) throw new Error('the client waits for nothing')
      timers.delete(next)
      parent.nanos = Math.max(parent.nanos, next.at)
      next.run()
    }
  }
  const told: string[] = []
  client.on('available', () => told.push('available'))
  client.on('unavailable', ({ reason }) => told.push(`unavailable: ${reason}`))
  client.start()
  line.open()
  line.answer()
  return { line, client, told, untilRequest }
}

describe('a wall clock whose server may have restarted', () => {
  it('is unavailable when the transport opens again, until an answer agrees', () => {
    const { line, client, told } = setUp()
    expect(client.clock.available).toBe(true)
    line.drop()
    expect(client.clock.available).toBe(true)
    line.open()
    expect(client.clock.available).toBe(false)
    line.answer()
    expect(client.clock.available).toBe(true)
    expect(told).toEqual(['available', 'unavailable: unconfirmed', 'available'])
    client.stop()
  })

  it('stays unavailable while the answers tell of another clock, and follows it when they agree with each other', () => {
    const { line, client, untilRequest } = setUp()
    line.drop()
    line.aheadNanos = 1000e9
    line.open()
    let answers = 0
    while (!client.clock.available) {
      untilRequest()
      line.answer()
      answers += 1
      expect(answers).toBeLessThan(10)
    }
    expect(answers).toBeGreaterThan(1)
    expect(client.status().offsetSeconds).toBeCloseTo(1000, 2)
    client.stop()
  })

  it('discards its measurements after a stop, because its parent clock is no longer watched', () => {
    const { line, client } = setUp()
    client.stop()
    client.start()
    line.open()
    expect(client.clock.available).toBe(false)
    expect(client.status()).toMatchObject({ offsetSeconds: undefined, dispersionSeconds: Number.POSITIVE_INFINITY })
    client.stop()
  })

  it('is unavailable while the server keeps contradicting itself', () => {
    const { line, client, untilRequest } = setUp()
    for (let answers = 0; answers < 20; answers += 1) {
      line.aheadNanos = 1e9 * (answers + 1)
      untilRequest()
      line.answer()
    }
    expect(client.clock.available).toBe(false)
    client.stop()
  })

  it('can be rechecked on demand, where the transport cannot detect a restart', () => {
    const { line, client } = setUp()
    client.recheck()
    expect(client.clock.available).toBe(false)
    line.answer()
    expect(client.clock.available).toBe(true)
    client.stop()
  })
})
