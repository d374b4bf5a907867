import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from './step.js'
import { type ProbeReply, UdpProbe } from './udp-probe.js'
import {
  MESSAGE_BYTES,
  type ObservedExchange,
  type OddRequest,
  type Provocation,
  readMessage,
  type WallClockObservations,
} from './wall-clock-observations.js'

const RESPONSE_MILLIS = 500
const TRIES = 3
const REQUESTS_PER_SECOND = 20
/** Maximum per observation: a long one sends fewer per second. */
const MAX_REQUESTS = 20_000
/** Replies recorded per request: already three are a fault. */
const MAX_REPLIES = 16
const MAX_REPLY_BYTES = 8 * 1024 * 1024
/** Requests, counted from the latest, to which a reply may belong. */
const MAX_OPEN_REQUESTS = 100
/** A response to an invalid datagram arrives before that to the request behind it; this allows for reordering. */
const STRAY_MILLIS = 50

interface OpenExchange extends ObservedExchange {
  readonly replies: ProbeReply[]
  complete: () => void
}

type Observed = { -readonly [Name in keyof WallClockObservations]: WallClockObservations[Name] }

/** Tests a wall clock server. */
export class WallClockProbe {
  readonly observed: Observed
  readonly #exchanges: OpenExchange[] = []
  readonly #probe: UdpProbe
  /** While invalid datagrams are being sent: replies that match no request. */
  #strays: ProbeReply[] | undefined
  #count = 0
  #replyBytes = 0

  private constructor(probe: UdpProbe) {
    this.#probe = probe
    const { address, port } = probe
    this.observed = { address, port, exchanges: [], originates: [], filled: [], provocations: [], ending: undefined }
  }

  static async open(host: string, port: number): Promise<WallClockProbe> {
    let received: (reply: ProbeReply) => void = () => {}
    const probe = new WallClockProbe(await UdpProbe.open(host, port, (reply) => received(reply)))
    received = (reply) => probe.#receive(reply)
    return probe
  }

  close(): void {
    this.#probe.close()
  }

  /** Sends ordinary requests, spread over this time. */
  async sendRequests(seconds: number): Promise<ObservedExchange[]> {
    const exchanges: ObservedExchange[] = []
    const interval = Math.max(1000 / REQUESTS_PER_SECOND, (seconds * 1000) / MAX_REQUESTS)
    const start = performance.now()
    const end = start + seconds * 1000
    // At irregular times, so that steps in the responses come from the server's clock and not from the sending interval.
    for (let next = start; next <= end; next += interval * (0.5 + Math.random())) {
      const wait = next - performance.now()
      // If requests are lost, skip the ones that are overdue instead of sending them all at once.
      if (wait < -interval) continue
      if (wait > 0) await sleep(wait)
      exchanges.push(await this.#request(request(++this.#count, 500_000_000)))
    }
    return exchanges
  }

  unusualSteps(): Step[] {
    const originates: [name: string, make: () => Uint8Array][] = [
      ['nanoseconds of 10^9', () => request(++this.#count, 1_000_000_000)],
      ['nanoseconds of 2^32 - 1', () => request(++this.#count, 0xffffffff)],
      ['all bits set', () => request(0xffffffff, 0xffffffff)],
      ['all bits clear', () => request(0, 0)],
    ]
    const filled: [name: string, make: () => Uint8Array][] = [
      [
        'precision and frequency error filled',
        () =>
          request(++this.#count, 1)
            .fill(0xa5, 2, 3)
            .fill(0xa5, 4, 8),
      ],
      ['receive and transmit times filled', () => request(++this.#count, 1).fill(0xff, 16, 32)],
    ]
    return [
      ...filled.map(([name, make]): Step => {
        const run = async () => {
          this.observed.filled = [...this.observed.filled, await this.#attempt(name, make)]
        }
        return { id: 'wc-filled-requests', name: `a request to CSS-WC with ${name}`, run }
      }),
      ...originates.map(([name, make]): Step => {
        const run = async () => {
          this.observed.originates = [...this.observed.originates, await this.#attempt(name, make)]
        }
        return { id: 'wc-unusual-originates', name: `a request to CSS-WC with an originate time of ${name}`, run }
      }),
    ]
  }

  /** Datagrams that must not be answered, the most harmless first. */
  rubbishSteps(): Step[] {
    return invalidDatagrams(() => ++this.#count).map(({ kind, name, bytes }) => {
      const run = async () => {
        const strays: ProbeReply[] = []
        this.#strays = strays
        this.#probe.send(bytes)
        // A response to it arrives before that to the request behind it.
        await this.#request(request(++this.#count, 7))
        await sleep(STRAY_MILLIS)
        this.observed.provocations = [...this.observed.provocations, { kind, name, replies: strays }]
      }
      return { id: 'wc-rubbish', name: `${name} to CSS-WC`, run }
    })
  }

  /** Sends ordinary requests for this time. */
  async observe(seconds: number): Promise<void> {
    this.observed.exchanges = await this.sendRequests(seconds)
  }

  /** Whether it has answered nothing so far. */
  get isSilent(): boolean {
    return !this.observed.exchanges.some(({ replies }) => replies.length > 0)
  }

  /** Whether responses repeat the originate time, so that they can be told apart. */
  get isEchoing(): boolean {
    return this.observed.exchanges.some(({ request, replies }) =>
      replies.some(({ bytes }) => belongsTo(bytes, request)),
    )
  }

  /** Whether an ordinary request is answered. */
  async isAlive(): Promise<boolean> {
    const { tries } = await this.#attempt('an ordinary request', () => request(++this.#count, 7))
    return tries.some(({ replies }) => replies.length > 0)
  }

  async #attempt(name: string, make: () => Uint8Array): Promise<OddRequest> {
    const tries: ObservedExchange[] = []
    for (let count = 0; count < TRIES; count++) {
      const exchange = await this.#request(make())
      tries.push(exchange)
      if (exchange.replies.length > 0) break
    }
    return { name, tries }
  }

  /** Sends a request and waits for the response, and for the follow-up that it announces. */
  async #request(message: Uint8Array): Promise<ObservedExchange> {
    let complete = (): void => {}
    const completed = new Promise<void>((resolve) => {
      complete = resolve
    })
    const exchange: OpenExchange = { request: message, sentNanos: this.#probe.send(message), replies: [], complete }
    this.#exchanges.push(exchange)
    if (this.#exchanges.length > MAX_OPEN_REQUESTS) this.#exchanges.shift()
    const timer = setTimeout(complete, RESPONSE_MILLIS)
    await completed
    clearTimeout(timer)
    return exchange
  }

  /** A reply that does not repeat an originate time is attributed to the latest request: the rules will detect it. */
  #receive(reply: ProbeReply): void {
    const owner = this.#exchanges.findLast(({ request }) => belongsTo(reply.bytes, request))
    if (owner === undefined && this.#strays !== undefined) {
      this.#record(reply, this.#strays)
      return
    }
    const exchange = owner ?? this.#exchanges.at(-1)
    if (exchange === undefined) return
    this.#record(reply, exchange.replies)
    if (readMessage(reply.bytes)?.type !== 2) exchange.complete()
  }

  /** Bounded, because a server may send without end. */
  #record(reply: ProbeReply, replies: ProbeReply[]): void {
    this.#replyBytes += reply.bytes.length
    if (replies.length < MAX_REPLIES && this.#replyBytes <= MAX_REPLY_BYTES) replies.push(reply)
  }
}

/** Distinguishes invalid datagrams from requests in a packet capture. */
const GARBAGE_NANOS = 0x3bad_0000

function belongsTo(reply: Uint8Array, request: Uint8Array): boolean {
  return Buffer.compare(reply.subarray(8, 16), request.subarray(8, 16)) === 0
}

function request(originateSeconds: number, originateNanos: number): Uint8Array {
  const message = new Uint8Array(MESSAGE_BYTES)
  const view = new DataView(message.buffer)
  view.setUint32(8, originateSeconds)
  view.setUint32(12, originateNanos)
  return message
}

function invalidDatagrams(count: () => number): { kind: Provocation['kind']; name: string; bytes: Uint8Array }[] {
  const next = () => request(count(), GARBAGE_NANOS)
  const withByte = (at: number, value: number) => next().fill(value, at, at + 1)
  const longer = (length: number) => {
    const bytes = new Uint8Array(length)
    bytes.set(next())
    return bytes
  }
  return [
    ...[1, 2, 3, 255].map((type) => ({
      kind: 'type' as const,
      name: `a message of type ${type}`,
      bytes: withByte(1, type),
    })),
    ...[33, 64, 1400].map((length) => ({
      kind: 'long' as const,
      name: `a datagram of ${length} bytes`,
      bytes: longer(length),
    })),
    ...[1, 255].map((version) => ({
      kind: 'version' as const,
      name: `a message of version ${version}`,
      bytes: withByte(0, version),
    })),
    ...[31, 16, 1, 0].map((length) => ({
      kind: 'short' as const,
      name: `a datagram of ${length} ${length === 1 ? 'byte' : 'bytes'}`,
      bytes: next().subarray(0, length),
    })),
  ]
}
