import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

export type Message = Record<string, unknown>
export type Endpoint = 'cii' | 'ts'

/** What a television sends to setup-data, and whom. */
export interface Asked {
  readonly selector: unknown
  /** Undefined: the setup-data lack it. */
  readonly stem: unknown
  /** Of all connections to CSS-TS, from 1. */
  readonly connection: number
  readonly socket: WebSocket
}

/** Where the timeline is. */
export interface Playing {
  speed: number
  /** By how much it is ahead of what the wall clock says. */
  aheadTicks: number
  isAvailable: boolean
}

/** Places where a television that is otherwise correct can be given a fault. What a seam does not return is as it was. */
export interface Seams {
  /** WebSockets per endpoint. */
  readonly maxConnections?: number
  /** The HTTP status that answers a handshake. */
  readonly refuse?: (endpoint: Endpoint, connection: number) => number | undefined
  readonly plainGetStatus?: (endpoint: Endpoint) => number
  readonly acceptsUnknownVersion?: (endpoint: Endpoint) => boolean
  readonly answersPings?: (endpoint: Endpoint) => boolean
  /** The first CII message. Objects are sent as JSON, undefined is not sent. */
  readonly cii?: (message: Message, connection: number) => unknown
  /** After a first CII message, or setup-data. */
  readonly afterCii?: (socket: WebSocket, television: SeamedTelevision, connection: number) => void
  readonly afterSetup?: (socket: WebSocket, television: SeamedTelevision, asked: Asked) => void
  readonly onTsConnection?: (socket: WebSocket) => void
  /** A message from a client. True: nothing else is done about it. */
  readonly received?: (
    endpoint: Endpoint,
    data: Buffer,
    isBinary: boolean,
    socket: WebSocket,
    isSetUp: boolean,
  ) => boolean
  /** The answer to setup-data. */
  readonly timestamp?: (timestamp: Message, asked: Asked) => unknown
  /** By default the timeline is available to those who ask for PTS with the start of the content id. */
  readonly matches?: (asked: Asked) => boolean
  readonly accuracySeconds?: number
  /** The wall clock, from the nanoseconds since the start. */
  readonly wallClock?: (nanos: bigint) => bigint
  readonly precision?: number
  readonly maxFreqErrorPpm?: number
  /** A datagram is taken for a request. */
  readonly isRequest?: (datagram: Buffer) => boolean
  /** The responses to a request, the first one with what is usual. */
  readonly responses?: (response: Buffer, request: Buffer, count: number) => Buffer[]
  /** Sends responses from another port. */
  readonly answersFromElsewhere?: boolean
  /** Ends the television. */
  readonly crashesOn?: (what: {
    http?: IncomingMessage
    message?: string
    datagram?: Buffer
    setup?: Message
  }) => boolean
  /** Runs before the CII message of the first connection is made. */
  readonly start?: (television: SeamedTelevision) => void
}

export const CONTENT_ID = 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M'
export const PTS = 'urn:dvb:css:timeline:pts'
const TICK_RATE = 90_000
const SECOND = 1_000_000_000n
/** Where the wall clock is at the start. */
const EPOCH = 1_000n * SECOND

/** A small television for the tests of the check: correct, apart from what its seams do. It shares no code with that of the package. */
export class SeamedTelevision {
  readonly playing: Playing = { speed: 1, aheadTicks: 0, isAvailable: true }
  readonly cii: Message = {}
  /** Most WebSockets that were open at once. */
  peak = 0
  /** What it was sent, in order. */
  readonly log: string[] = []
  readonly #seams: Seams
  readonly #http: Server
  readonly #udp: Socket
  readonly #elsewhere: Socket | undefined
  readonly #sockets: Record<Endpoint, WebSocketServer>
  readonly #counts: Record<Endpoint, number> = { cii: 0, ts: 0 }
  readonly #started = process.hrtime.bigint()
  readonly #timers: NodeJS.Timeout[] = []
  #requests = 0
  #hasEnded = false

  private constructor(seams: Seams) {
    this.#seams = seams
    const server = (endpoint: Endpoint) =>
      new WebSocketServer({ noServer: true, autoPong: seams.answersPings?.(endpoint) ?? true })
    this.#sockets = { cii: server('cii'), ts: server('ts') }
    this.#http = createServer((request, response) => {
      if (this.#crashes({ http: request })) return
      const status = seams.plainGetStatus?.(endpointOf(request)) ?? 426
      response.writeHead(status).end()
    })
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      this.#upgrade(request, socket, head)
    })
    this.#udp = createSocket('udp4')
    this.#elsewhere = seams.answersFromElsewhere === true ? createSocket('udp4') : undefined
    this.#udp.on('message', (datagram, from) => this.#answer(datagram, from))
  }

  static async start(seams: Seams = {}): Promise<SeamedTelevision> {
    const television = new SeamedTelevision(seams)
    television.#http.listen(0, '127.0.0.1')
    television.#udp.bind(0, '127.0.0.1')
    await Promise.all([once(television.#http, 'listening'), once(television.#udp, 'listening')])
    const { port } = television.#http.address() as AddressInfo
    Object.assign(television.cii, {
      protocolVersion: '1.1',
      contentId: CONTENT_ID,
      contentIdStatus: 'final',
      presentationStatus: 'okay',
      wcUrl: `udp://127.0.0.1:${television.#udp.address().port}`,
      tsUrl: `ws://127.0.0.1:${port}/ts`,
      timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: TICK_RATE } }],
    })
    return television
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/cii`
  }

  /** Nanoseconds of its wall clock. */
  now(): bigint {
    const nanos = process.hrtime.bigint() - this.#started
    return EPOCH + (this.#seams.wallClock?.(nanos) ?? nanos)
  }

  later(milliseconds: number, act: () => void): void {
    this.#timers.push(setTimeout(act, milliseconds))
  }

  /** The clients of an endpoint. */
  clients(endpoint: Endpoint): Set<WebSocket> {
    return this.#sockets[endpoint].clients
  }

  sendToAll(endpoint: Endpoint, message: unknown): void {
    for (const client of this.clients(endpoint)) send(client, message)
  }

  /** The timeline as it is now. */
  timestamp(): Message {
    const { speed, aheadTicks, isAvailable } = this.playing
    const now = this.now()
    if (!isAvailable) return { contentTime: null, wallClockTime: `${now}`, timelineSpeedMultiplier: null }
    const ticks = Number(now - EPOCH) * 1e-9 * TICK_RATE
    return {
      contentTime: `${Math.round(ticks * speed) + aheadTicks}`,
      wallClockTime: `${now}`,
      timelineSpeedMultiplier: speed,
    }
  }

  async stop(): Promise<void> {
    this.end()
    await Promise.resolve()
  }

  /** As a process ends that crashes. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const client of [...this.clients('cii'), ...this.clients('ts')]) client.terminate()
    this.#http.close()
    this.#http.closeAllConnections()
    this.#udp.close()
    this.#elsewhere?.close()
  }

  #crashes(what: Parameters<NonNullable<Seams['crashesOn']>>[0]): boolean {
    if (this.#seams.crashesOn?.(what) !== true) return false
    this.end()
    return true
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const endpoint = endpointOf(request)
    const connection = ++this.#counts[endpoint]
    const { refuse, maxConnections = Number.POSITIVE_INFINITY, acceptsUnknownVersion } = this.#seams
    const isFull = this.clients(endpoint).size >= maxConnections
    const status = isFull ? 503 : refuse?.(endpoint, connection)
    if (request.headers['sec-websocket-version'] !== '13' && acceptsUnknownVersion?.(endpoint) === true) {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    } else if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`)
    } else {
      this.#sockets[endpoint].handleUpgrade(request, socket, head, (client) => {
        this.peak = Math.max(this.peak, this.clients('cii').size + this.clients('ts').size)
        client.on('error', () => {})
        if (endpoint === 'cii') this.#openCii(client, connection)
        else this.#openTs(client, connection)
      })
    }
  }

  #openCii(client: WebSocket, connection: number): void {
    const { cii, afterCii, received, start } = this.#seams
    if (connection === 1) start?.(this)
    const message = { ...this.cii }
    send(client, cii === undefined ? message : cii(message, connection))
    afterCii?.(client, this, connection)
    client.on('message', (data: Buffer, isBinary) => {
      this.log.push(`cii: ${data.toString('latin1')}`)
      if (this.#crashes({ message: data.toString() })) return
      received?.('cii', data, isBinary, client, true)
    })
  }

  #openTs(client: WebSocket, connection: number): void {
    const { afterSetup, onTsConnection, received } = this.#seams
    onTsConnection?.(client)
    let isSetUp = false
    client.on('message', (data: Buffer, isBinary) => {
      this.log.push(`ts: ${data.toString('latin1')}`)
      if (this.#crashes({ message: data.toString() })) return
      if (received?.('ts', data, isBinary, client, isSetUp) === true || isSetUp) return
      const setup = isBinary ? undefined : setupOf(data.toString())
      if (setup === undefined || this.#crashes({ setup })) return
      isSetUp = true
      const asked = { selector: setup.timelineSelector, stem: setup.contentIdStem, connection, socket: client }
      const timestamp = this.#isMatching(asked) ? this.timestamp() : { ...this.timestamp(), ...NOT_AVAILABLE }
      send(client, this.#seams.timestamp === undefined ? timestamp : this.#seams.timestamp(timestamp, asked))
      afterSetup?.(client, this, asked)
    })
  }

  #isMatching(asked: Asked): boolean {
    if (this.#seams.matches !== undefined) return this.#seams.matches(asked)
    return asked.selector === PTS && CONTENT_ID.startsWith(`${asked.stem ?? ''}`)
  }

  #answer(datagram: Buffer, from: RemoteInfo): void {
    const receive = this.now()
    if (this.#crashes({ datagram })) return
    const isRequest = datagram.length === 32 && datagram[0] === 0 && datagram[1] === 0
    this.log.push(isRequest ? 'wc: request' : `wc: ${datagram.length} bytes`)
    if (!(this.#seams.isRequest?.(datagram) ?? isRequest)) return
    const response = Buffer.alloc(32)
    datagram.copy(response, 8, 8, 16)
    response.writeUInt8(1, 1)
    response.writeInt8(this.#seams.precision ?? -20, 2)
    response.writeUInt32BE((this.#seams.maxFreqErrorPpm ?? 500) * 256, 4)
    writeTime(response, 16, receive)
    writeTime(response, 24, this.now())
    const socket = this.#elsewhere ?? this.#udp
    for (const each of this.#seams.responses?.(response, datagram, ++this.#requests) ?? [response]) {
      socket.send(each, from.port, from.address)
    }
  }
}

export const NOT_AVAILABLE = { contentTime: null, timelineSpeedMultiplier: null }

export function send(client: WebSocket, message: unknown): void {
  if (message === undefined || client.readyState !== client.OPEN) return
  const isRaw = typeof message === 'string' || message instanceof Uint8Array
  client.send(isRaw ? message : JSON.stringify(message))
}

export function writeTime(message: Buffer, at: number, nanos: bigint): void {
  message.writeUInt32BE(Number(nanos / SECOND), at)
  message.writeUInt32BE(Number(nanos % SECOND), at + 4)
}

export function readTime(message: Buffer, at: number): bigint {
  return BigInt(message.readUInt32BE(at)) * SECOND + BigInt(message.readUInt32BE(at + 4))
}

function endpointOf({ url = '' }: IncomingMessage): Endpoint {
  return url.startsWith('/ts') ? 'ts' : 'cii'
}

/** Setup-data, else undefined. */
function setupOf(text: string): Message | undefined {
  try {
    const parsed = JSON.parse(text) as Message | null
    return typeof parsed?.timelineSelector === 'string' ? parsed : undefined
  } catch {
    return undefined
  }
}
