import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { DvbcssError, displayUrl } from '../validation/index.js'

/** A frame as it came: text or bytes. */
export interface Frame {
  readonly text?: string
  readonly bytes?: Uint8Array
  /** On our monotonic clock. */
  readonly atNanos: bigint
}

/** Everything that happened on one connection. */
export interface SocketRecord {
  /** Absent when it never opened. */
  openedNanos?: bigint
  /** Why it never opened, or what the server did that no WebSocket may. */
  error?: string
  /** Whether we ended it, because the server sent more than is recorded. */
  isFlooded?: boolean
  readonly frames: Frame[]
  /** Pings that were sent, and how many of them were answered. */
  pings: number
  pongs: number
  /** How the server closed it; absent while it is open, and when we closed it ourselves. */
  closed?: { readonly code: number; readonly reason: string }
}

const HANDSHAKE_MILLIS = 5000
/** Far above any honest message, so that a long one is seen and not refused. */
const MAX_MESSAGE_BYTES = 1024 * 1024
/**
 * What is recorded of one connection; a check makes about thirty. A television that changes once a second reaches this
 * after five hours.
 */
const MAX_FRAMES = 20_000
const MAX_RECORDED_BYTES = 4 * 1024 * 1024
/** 1006 stands for the absence of a close frame. */
const NO_CLOSE_FRAME = 1006

/** A WebSocket that keeps all that comes. It judges nothing. */
export class RecordedSocket {
  readonly record: SocketRecord = { frames: [], pings: 0, pongs: 0 }
  readonly #socket: WebSocket
  #listeners = new Set<() => void>()
  #ended = false
  #recordedBytes = 0

  private constructor(url: string) {
    this.#socket = new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MILLIS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    })
    const { record } = this
    this.#socket.on('open', () => {
      record.openedNanos = process.hrtime.bigint()
      this.#changed()
    })
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      const atNanos = process.hrtime.bigint()
      this.#recordedBytes += data.length
      if (record.frames.length >= MAX_FRAMES || this.#recordedBytes > MAX_RECORDED_BYTES) this.#flooded()
      // A frame may be a small part of the buffer that it came in.
      else record.frames.push(isBinary ? { bytes: Uint8Array.from(data), atNanos } : { text: data.toString(), atNanos })
      this.#changed()
    })
    this.#socket.on('pong', () => {
      record.pongs += 1
      this.#changed()
    })
    this.#socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
      record.error = `HTTP status ${response.statusCode}`
      response.resume()
      request.destroy()
      this.#gone()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      record.error ??= error.message || error.code || 'an unknown error'
    })
    this.#socket.on('close', (code: number, reason: Buffer) => {
      if (!this.#ended && record.openedNanos !== undefined) record.closed = { code, reason: reason.toString() }
      this.#gone()
    })
  }

  /** Resolves when the handshake is over, well or not; the record tells which. */
  static async open(url: string): Promise<RecordedSocket> {
    let socket: RecordedSocket
    try {
      socket = new RecordedSocket(url)
    } catch (error) {
      const { message } = error as Error
      throw new DvbcssError('DVBCSS_ERR_UNREACHABLE', `could not open a WebSocket to ${displayUrl(url)}: ${message}`)
    }
    await socket.until(() => socket.record.openedNanos !== undefined, HANDSHAKE_MILLIS + 1000)
    return socket
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  send(data: string | Uint8Array): void {
    if (this.isOpen) this.#socket.send(data)
  }

  /** @returns whether the server answered. What it sent before that has come by then. */
  async ping(milliseconds = 2000): Promise<boolean> {
    if (!this.isOpen) return false
    this.record.pings += 1
    const { pings } = this.record
    this.#socket.ping()
    return this.until(() => this.record.pongs >= pings, milliseconds)
  }

  /** Waits until there are so many frames. @returns whether there are. */
  frames(count: number, milliseconds: number): Promise<boolean> {
    return this.until(() => this.record.frames.length >= count, milliseconds)
  }

  /** Waits for a condition, no longer than the connection lasts. @returns whether it came about. */
  async until(holds: () => boolean, milliseconds: number): Promise<boolean> {
    if (holds() || this.#ended) return holds()
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve()
      }
      const look = (): void => {
        if (holds() || this.#ended) done()
      }
      const timer = setTimeout(done, milliseconds)
      this.#listeners.add(look)
    })
    return holds()
  }

  /** Ends it from our side. */
  close(): void {
    this.#ended = true
    this.#socket.close()
    setTimeout(() => this.#socket.terminate(), 500).unref()
  }

  #flooded(): void {
    this.record.isFlooded = true
    this.#ended = true
    this.#socket.terminate()
  }

  #gone(): void {
    this.#ended = true
    this.#changed()
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** For people: how a connection stands. */
export function describeState({ openedNanos, error, closed, isFlooded }: SocketRecord): string {
  if (openedNanos === undefined) return `no connection (${error ?? 'no answer in time'})`
  if (isFlooded === true) {
    return `ended by dvbcss check after more than ${MAX_FRAMES} messages or ${MAX_RECORDED_BYTES >> 20} MiB`
  }
  if (closed === undefined) return 'open'
  const why = [closed.reason, error].filter((text) => text !== undefined && text !== '').join(', ')
  return `closed by the server with code ${closed.code}${why === '' ? '' : ` (${why})`}`
}

/** Whether the server ended a connection without a close frame: it has crashed, or pulled the plug. */
export function wasDropped({ closed }: SocketRecord): boolean {
  return closed?.code === NO_CLOSE_FRAME
}
