/**
 * The companion's side of CSS as other people wrote it: the clients of dvbcss-protocols 0.0.4. What is known to be wrong in
 * them, and what these tests do about it:
 * - CII: `mrsUrl` never arrives, because the peer reads a property `msrUrl`. Left out of what is compared.
 * - CII: a message without `timelines` is taken for one with an empty list. Each difference is compared with an empty list,
 *   and the list itself after a message that carries everything.
 * - CII: the bits of `wcUrl` and `tsUrl` in the change mask are swapped. The names of what changed are right, and used.
 * - TS: a move by less than 10 ms at the same speed is ignored. The tests move by seconds.
 * - Clock: it reads the time of day in whole milliseconds. One millisecond is allowed on top of the peer's own dispersion.
 * - WC: its UDP adaptor calls `new Buffer`, which Node has deprecated. The protocol class is driven from here instead.
 */
import { createSocket } from 'node:dgram'
import { type EventEmitter, once } from 'node:events'
import clocks, { type CorrelatedClock } from 'dvbcss-clocks'
import protocols, { type CIIChangeNames, type CIIMessage } from 'dvbcss-protocols'
import { afterEach, expect } from 'vitest'
import WebSocket from 'ws'

const opened: (() => void)[] = []

/** Ends the peers that a test has started, also when it failed. Call once at the top of a test file. */
export function stopPeersAfterEach(): void {
  afterEach(() => {
    for (const stop of opened.splice(0)) stop()
  })
}

function connect(url: string): WebSocket {
  const socket = new WebSocket(url)
  opened.push(() => socket.terminate())
  return socket
}

export interface CiiChange {
  readonly cii: CIIMessage
  readonly names: CIIChangeNames
  readonly mask: number
}

/** The peer's CII client, with a queue of the changes that it reports. */
export class CiiPeer {
  readonly #changes: CiiChange[] = []
  readonly #waiting: ((change: CiiChange) => void)[] = []

  constructor(url: string) {
    const client = protocols.CII.createCIIClient(connect(url))
    opened.push(() => client.stop())
    client.on('change', (cii, names, mask) => {
      const change = { cii, names, mask }
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#changes.push(change)
      else waiter(change)
    })
  }

  /** The oldest change that was not yet taken, or the next to come. */
  next(): Promise<CiiChange> {
    const change = this.#changes.shift()
    if (change !== undefined) return Promise.resolve(change)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** Takes changes until one leads to a state that matches. */
  async until(matches: (cii: CIIMessage) => boolean): Promise<CIIMessage> {
    let { cii } = await this.next()
    while (!matches(cii)) cii = (await this.next()).cii
    return cii
  }
}

/** The peer's wall clock client: a clock in nanoseconds that asks the server until the test is over. */
export async function wallClockPeer(server: { address: string; port: number }): Promise<CorrelatedClock> {
  const wallClock = new clocks.CorrelatedClock(new clocks.DateNowClock(), { tickRate: 1e9 })
  const { WallClockClientProtocol, BinarySerialiser } = protocols.WallClock
  const protocol = new WallClockClientProtocol(wallClock, BinarySerialiser, { requestInterval: 50 })
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  protocol.on('send', (message) => socket.send(new Uint8Array(message), server.port, server.address))
  socket.on('message', (message) => protocol.handleMessage(new Uint8Array(message).buffer))
  opened.push(() => {
    protocol.stop()
    socket.close()
  })
  protocol.start()
  return wallClock
}

export interface TimelinePeer {
  /** The timeline as the peer has it. */
  readonly clock: CorrelatedClock
  readonly wallClock: CorrelatedClock
  readonly socket: WebSocket
}

/** The peer's TS client, which drives a clock below the peer's wall clock. */
export function timelinePeer(
  url: string,
  wallClock: CorrelatedClock,
  options: { contentIdStem: string; timelineSelector: string; tickRate: number },
): TimelinePeer {
  const clock = new clocks.CorrelatedClock(wallClock, { tickRate: options.tickRate })
  const socket = connect(url)
  const client = protocols.TimelineSynchronisation.createTSClient(socket, clock, options)
  opened.push(() => client.stop())
  return { clock, wallClock, socket }
}

/** Resolves when the condition holds, looked at now and whenever the clock has something to tell. */
export function until(clock: EventEmitter, condition: () => boolean): Promise<void> {
  const events = ['change', 'available', 'unavailable']
  return new Promise((resolve) => {
    const look = (): void => {
      if (!condition()) return
      for (const event of events) clock.removeListener(event, look)
      resolve()
    }
    for (const event of events) clock.on(event, look)
    look()
  })
}

/** Does something to the television, and waits until the peer has heard of it in a control timestamp. */
export async function hearsOf(peer: TimelinePeer, act: () => void): Promise<void> {
  const before = peer.clock.correlation
  act()
  await until(peer.clock, () => peer.clock.correlation !== before)
}

const PEER_CLOCK_RESOLUTION_SECONDS = 0.001

/**
 * How far the peer's wall clock may be from the server's, in seconds. Its dispersion covers half of the round trip as it measured
 * it; its two readings of the clock in whole milliseconds, and a third one now, add less than one millisecond
 * in all. However slow the machine is, that is in the dispersion.
 */
export function toleranceSeconds(wallClock: CorrelatedClock): number {
  return wallClock.dispersionAtTime(wallClock.now()) + PEER_CLOCK_RESOLUTION_SECONDS
}

/** Compares a reading of the peer with what ours reads just before and just after it, so that a pause of the process costs nothing. */
export function expectInStep(theirs: () => number, ours: () => number, tolerance: () => number): void {
  const before = ours()
  const reading = theirs()
  const after = ours()
  const allowed = tolerance()
  expect(reading).toBeGreaterThanOrEqual(Math.min(before, after) - allowed)
  expect(reading).toBeLessThanOrEqual(Math.max(before, after) + allowed)
}

/** Expects the peer's timeline to be where ours is. One tick is allowed because content time travels in whole ticks. */
export function expectTimelineInStep(peer: TimelinePeer, ourTicks: () => number): void {
  expectInStep(
    () => peer.clock.now(),
    ourTicks,
    () => toleranceSeconds(peer.wallClock) * peer.clock.tickRate * Math.abs(peer.clock.speed) + 1,
  )
}
