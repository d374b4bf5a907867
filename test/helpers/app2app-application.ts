import WebSocket from 'ws'

type Channel = 'cii' | 'wc' | 'ts'

interface ApplicationOptions {
  prefix?: string
  cii?: Record<string, unknown>
  /** What is added to each wall clock answer, or replaces what is there. */
  answer?: (request: Record<string, unknown>, nanos: number) => Record<string, unknown>
  /** Milliseconds by which its clock is ahead of this process's. */
  offsetMillis?: number
  /** Whether its messages have the oddities of those in the field. Default false. */
  isOdd?: boolean
  /** Milliseconds to which its clock is cut off, as browsers do. Default 0: not at all. */
  resolutionMillis?: number
}

/** Milliseconds until an application lets the next companion in. */
const REOPEN_MILLIS = 20

/** An application on a television that serves CSS over App2App, as those in the field do. */
export class App2AppApplication {
  /** Wall clock requests, as they came. */
  readonly requests: Record<string, unknown>[] = []
  /** Setup-data, as it came. */
  readonly setups: Record<string, unknown>[] = []
  readonly #localUrl: string
  readonly #options: Required<ApplicationOptions>
  readonly #paired = new Map<WebSocket, Channel>()
  readonly #sockets = new Set<WebSocket>()
  #isRunning = true
  #pausedAtSeconds: number | undefined
  /** How long it was paused. */
  #behindSeconds = 0

  /** @param localUrl the local base URL of App2App. */
  constructor(localUrl: string, options: ApplicationOptions = {}) {
    this.#localUrl = localUrl
    this.#options = {
      prefix: 'hbbtv-sync',
      cii: {},
      offsetMillis: 1e12,
      resolutionMillis: 0,
      isOdd: false,
      answer: ({ p, mfe, id, ot }, nanos) => ({ v: 0, t: 1, p, mfe, id, ot, rt: nanos, tt: nanos + 1000 }),
      ...options,
    }
    for (const channel of ['cii', 'wc', 'ts'] as const) this.#open(channel)
  }

  /** The application's clock in nanoseconds, as `performance.now()` has it. */
  get nanos(): number {
    const { offsetMillis, resolutionMillis } = this.#options
    const millis = performance.now() + offsetMillis
    return Math.floor((resolutionMillis === 0 ? millis : millis - (millis % resolutionMillis)) * 1e6)
  }

  /** The position, in seconds. */
  get seconds(): number {
    return this.#pausedAtSeconds ?? performance.now() / 1000 - this.#behindSeconds
  }

  pause(): void {
    this.#pausedAtSeconds = this.seconds
    this.#sendAll('ts', () => this.#timestamp)
  }

  play(): void {
    this.#behindSeconds = performance.now() / 1000 - this.seconds
    this.#pausedAtSeconds = undefined
    this.#sendAll('ts', () => this.#timestamp)
  }

  /** Companions that are connected, of a channel. */
  count(channel: Channel): number {
    return [...this.#paired.values()].filter((each) => each === channel).length
  }

  stop(): void {
    this.#isRunning = false
    for (const socket of this.#sockets) socket.terminate()
  }

  get #timestamp(): object {
    const timestamp = {
      contentTime: Math.floor(this.seconds * 90_000),
      wallClockTime: this.nanos,
      timelineSpeedMultiplier: this.#pausedAtSeconds === undefined ? 1 : 0,
    }
    if (this.#options.isOdd) return timestamp
    const { contentTime, wallClockTime } = timestamp
    return { ...timestamp, contentTime: String(contentTime), wallClockTime: String(wallClockTime) }
  }

  get #cii(): object {
    return {
      protocolVersion: '1.1',
      contentId: 'https://example.com/a.mpd',
      contentIdStatus: 'final',
      presentationStatus: 'okay',
      mrsUrl: null,
      wcUrl: 'ws://192.0.2.1:1/remotedvbcss-wc',
      tsUrl: 'ws://192.0.2.1:1/remotedvbcss-ts',
      teUrl: null,
      timelines: [
        {
          timelineSelector: 'urn:dvb:css:timeline:pts',
          timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
        },
      ],
      ...(this.#options.isOdd && { contentIdStatus: 'stable', presentationStatus: ['okay'], private: {} }),
      ...this.#options.cii,
    }
  }

  #open(channel: Channel): void {
    if (!this.#isRunning) return
    const socket = new WebSocket(`${this.#localUrl}${this.#options.prefix}-${channel}`)
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (!this.#paired.delete(socket)) setTimeout(() => this.#open(channel), REOPEN_MILLIS)
    })
    socket.once('message', (first) => {
      if (String(first) !== 'pairingcompleted') {
        socket.close()
        return
      }
      this.#paired.set(socket, channel)
      setTimeout(() => this.#open(channel), REOPEN_MILLIS)
      socket.on('message', (data) => {
        try {
          this.#received(channel, socket, JSON.parse(String(data)))
        } catch {
          // Applications log this.
        }
      })
      if (channel === 'cii') socket.send(JSON.stringify(this.#cii))
      // Before anybody has asked for a timeline.
      if (channel === 'ts') socket.send(JSON.stringify(this.#timestamp))
    })
  }

  #received(channel: Channel, socket: WebSocket, message: Record<string, unknown>): void {
    if (channel === 'wc') {
      this.requests.push(message)
      if (message.t === 0) socket.send(JSON.stringify(this.#options.answer(message, this.nanos)))
    } else if (channel === 'ts') {
      this.setups.push(message)
      socket.send(JSON.stringify(this.#timestamp))
    }
  }

  #sendAll(channel: Channel, message: () => object): void {
    for (const [socket, each] of this.#paired) if (each === channel) socket.send(JSON.stringify(message()))
  }
}
