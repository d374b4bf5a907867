import { setTimeout as sleep } from 'node:timers/promises'
import { type ProbeReply, UdpProbe } from './udp-probe.js'
import {
  MESSAGE_BYTES,
  type ObservedExchange,
  type OddRequest,
  type Provocation,
  readMessage,
  type WallClockObservations,
} from './wall-clock-observations.js'

const ANSWER_MILLIS = 500
const TRIES = 4
const REQUESTS_PER_SECOND = 20
/** All that are sent in one watch: a long one sends fewer a second. */
const MAX_REQUESTS = 20_000
/** Replies that are kept of one request: two are a fault already. */
const MAX_REPLIES = 16
const MAX_REPLY_BYTES = 8 * 1024 * 1024
/** Requests, counted from the latest, to which a reply may belong. */
const MAX_OPEN_REQUESTS = 100
/** An answer to garbage comes before the answer to the request behind it; this is for a network that swaps them. */
const STRAY_MILLIS = 50

interface OpenExchange extends ObservedExchange {
  readonly replies: ProbeReply[]
  heard: () => void
}

/** Asks a wall clock server all that its rules want to know. */
export class WallClockProbe {
  readonly #exchanges: OpenExchange[] = []
  readonly #probe: UdpProbe
  /** While garbage is being sent: what came that belongs to no request. */
  #strays: ProbeReply[] | undefined
  #count = 0
  #replyBytes = 0

  private constructor(probe: UdpProbe) {
    this.#probe = probe
  }

  static async open(host: string, port: number): Promise<WallClockProbe> {
    let heard: (reply: ProbeReply) => void = () => {}
    const probe = new WallClockProbe(await UdpProbe.open(host, port, (reply) => heard(reply)))
    heard = (reply) => probe.#heard(reply)
    return probe
  }

  get address(): string {
    return this.#probe.address
  }

  get port(): number {
    return this.#probe.port
  }

  close(): void {
    this.#probe.close()
  }

  /** Ordinary requests, spread over a time. */
  async watch(seconds: number): Promise<ObservedExchange[]> {
    const exchanges: ObservedExchange[] = []
    const interval = Math.max(1000 / REQUESTS_PER_SECOND, (seconds * 1000) / MAX_REQUESTS)
    const start = performance.now()
    const end = start + seconds * 1000
    // At uneven times, so that the steps which are seen in the answers are the server's and not ours.
    for (let next = start; next <= end; next += interval * (0.5 + Math.random())) {
      const wait = next - performance.now()
      // Where requests are lost, fewer are sent, and not all of them at once at the end.
      if (wait < -interval) continue
      if (wait > 0) await sleep(wait)
      exchanges.push(await this.#ask(request(++this.#count, 500_000_000)))
    }
    return exchanges
  }

  async originates(): Promise<OddRequest[]> {
    return [
      await this.#try('nanoseconds of 10^9', () => request(++this.#count, 1_000_000_000)),
      await this.#try('nanoseconds of 2^32 - 1', () => request(++this.#count, 0xffffffff)),
      await this.#try('all bits set', () => request(0xffffffff, 0xffffffff)),
      await this.#try('all bits clear', () => request(0, 0)),
    ]
  }

  async filled(): Promise<OddRequest[]> {
    return [
      await this.#try('precision and frequency error filled', () => {
        const message = request(++this.#count, 1)
        message.fill(0xa5, 2, 3)
        message.fill(0xa5, 4, 8)
        return message
      }),
      await this.#try('receive and transmit times filled', () => request(++this.#count, 1).fill(0xff, 16, 32)),
    ]
  }

  /** Sends what must not be answered, the most harmless first, until the server does not answer any more. */
  async provoke(): Promise<Provocation[]> {
    const provocations: Provocation[] = []
    if (!(await this.#alive())) return []
    for (const { kind, name, bytes } of garbage(() => ++this.#count)) {
      const strays: ProbeReply[] = []
      this.#strays = strays
      this.#probe.send(bytes)
      const aliveAfter = await this.#alive()
      await sleep(STRAY_MILLIS)
      provocations.push({ kind, name, replies: strays, aliveAfter })
      if (!aliveAfter) break
    }
    return provocations
  }

  /** Everything that a server in order answers. */
  async observe(seconds: number): Promise<WallClockObservations> {
    const exchanges = await this.watch(seconds)
    const answering = exchanges.some(({ replies }) => replies.length > 0)
    return {
      address: this.address,
      port: this.port,
      exchanges,
      originates: answering ? await this.originates() : [],
      filled: answering ? await this.filled() : [],
      provocations: [],
    }
  }

  async #try(name: string, make: () => Uint8Array): Promise<OddRequest> {
    const tries: ObservedExchange[] = []
    for (let count = 0; count < TRIES; count++) {
      const exchange = await this.#ask(make())
      tries.push(exchange)
      if (exchange.replies.length > 0) break
    }
    return { name, tries }
  }

  async #alive(): Promise<boolean> {
    const { tries } = await this.#try('an ordinary request', () => request(++this.#count, 7))
    return tries.some(({ request, replies }) => replies.some(({ bytes }) => belongsTo(bytes, request)))
  }

  /** Sends a request, and waits for its answer, and the follow-up that this promises. */
  async #ask(message: Uint8Array): Promise<ObservedExchange> {
    let heard = (): void => {}
    const complete = new Promise<void>((resolve) => {
      heard = resolve
    })
    const exchange: OpenExchange = { request: message, sentNanos: this.#probe.send(message), replies: [], heard }
    this.#exchanges.push(exchange)
    if (this.#exchanges.length > MAX_OPEN_REQUESTS) this.#exchanges.shift()
    const timer = setTimeout(heard, ANSWER_MILLIS)
    await complete
    clearTimeout(timer)
    return exchange
  }

  /** An answer that does not repeat its request's originate time is taken for one to the latest request: the rules will tell. */
  #heard(reply: ProbeReply): void {
    const owner = this.#exchanges.findLast(({ request }) => belongsTo(reply.bytes, request))
    if (owner === undefined && this.#strays !== undefined) {
      this.#keep(reply, this.#strays)
      return
    }
    const exchange = owner ?? this.#exchanges.at(-1)
    if (exchange === undefined) return
    this.#keep(reply, exchange.replies)
    if (readMessage(reply.bytes)?.type !== 2) exchange.heard()
  }

  /** A server that sends without end costs no more memory than this. */
  #keep(reply: ProbeReply, replies: ProbeReply[]): void {
    this.#replyBytes += reply.bytes.length
    if (replies.length < MAX_REPLIES && this.#replyBytes <= MAX_REPLY_BYTES) replies.push(reply)
  }
}

/** Tells garbage from requests in a trace of the network. */
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

function garbage(count: () => number): { kind: Provocation['kind']; name: string; bytes: Uint8Array }[] {
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
