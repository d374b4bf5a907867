import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { displayUrl } from '../validation/index.js'
import { CheckUnreachableError } from './check-request.js'

/** A frame as received: text or bytes. */
export interface Frame {
  readonly text?: string
  readonly bytes?: Uint8Array
  /** On this machine's monotonic clock. */
  readonly atNanos: bigint
}

/** The record of one connection. */
export interface SocketRecord {
  /** When the handshake was sent. */
  readonly startedNanos: bigint
  /** Absent if it never opened. */
  openedNanos?: bigint
  /** Why it never opened, or how the server violated the WebSocket protocol. */
  error?: string
  /** The HTTP status of a handshake that was rejected. */
  status?: number
  /** Whether the handshake was rejected with 503 while other connections of this check were open. */
  isOverLimit?: boolean
  /** Whether it was terminated here because the server exceeded the limits of the record. */
  isFlooded?: boolean
  readonly frames: Frame[]
  /** Pings sent, and pongs received. */
  pings: number
  pongs: number
  /** How the server closed it; absent while it is open, and if it was closed from here. */
  closed?: { readonly code: number; readonly reason: string }
}

const HANDSHAKE_MILLIS = 5000
/** Far above any legitimate message, so that long ones are recorded rather than rejected. */
const MAX_MESSAGE_BYTES = 1024 * 1024
/**
 * Limits of the record of one connection; a check makes about thirty. A television that sends one message per second
 * reaches this after five hours.
 */
const MAX_FRAMES = 20_000
const MAX_RECORDED_BYTES = 4 * 1024 * 1024
/** Reported if there was no close frame. */
const NO_CLOSE_FRAME = 1006

/** A WebSocket that records everything it receives, without judging it. */
export class RecordedSocket {
  readonly record: SocketRecord = { startedNanos: process.hrtime.bigint(), frames: [], pings: 0, pongs: 0 }
  readonly #socket: WebSocket
  #listeners = new Set<() => void>()
  #ended = false
  #recordedBytes = 0
  readonly #gone: Promise<void>
  #setGone = (): void => {}

  private constructor(url: string, handshakeMillis: number) {
    this.#socket = new WebSocket(url, {
      handshakeTimeout: handshakeMillis,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    })
    const { record } = this
    this.#gone = new Promise((resolve) => {
      this.#setGone = resolve
    })
    this.#socket.on('open', () => {
      record.openedNanos = process.hrtime.bigint()
      this.#changed()
    })
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      const atNanos = process.hrtime.bigint()
      this.#recordedBytes += data.length
      if (record.frames.length >= MAX_FRAMES || this.#recordedBytes > MAX_RECORDED_BYTES) this.#flooded()
      // Copied, because a frame may be a small part of a large buffer.
      else record.frames.push(isBinary ? { bytes: Uint8Array.from(data), atNanos } : { text: data.toString(), atNanos })
      this.#changed()
    })
    this.#socket.on('pong', () => {
      record.pongs += 1
      this.#changed()
    })
    this.#socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
      record.error = `HTTP status ${response.statusCode}`
      record.status = response.statusCode ?? 0
      response.resume()
      request.destroy()
      this.#setEnded()
      this.#setGone()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      record.error ??= error.message || error.code || 'an unknown error'
    })
    this.#socket.on('close', (code: number, reason: Buffer) => {
      if (!this.#ended && record.openedNanos !== undefined) record.closed = { code, reason: reason.toString() }
      this.#setEnded()
      this.#setGone()
    })
  }

  /** Resolves when the handshake has succeeded or failed; see the record. */
  static async open(url: string, handshakeMillis: number = HANDSHAKE_MILLIS): Promise<RecordedSocket> {
    let socket: RecordedSocket
    try {
      socket = new RecordedSocket(url, handshakeMillis)
    } catch (error) {
      const { message } = error as Error
      throw new CheckUnreachableError(`could not open a WebSocket to ${displayUrl(url)}: ${message}`)
    }
    await socket.until(() => socket.record.openedNanos !== undefined, handshakeMillis + 1000)
    return socket
  }

  /** Resolves when there is no connection any more, from either side. */
  get gone(): Promise<void> {
    return this.#gone
  }

  /** Whether it is being closed from here. */
  get isClosing(): boolean {
    return this.#ended
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  send(data: string | Uint8Array): void {
    if (this.isOpen) this.#socket.send(data)
  }

  /** @returns whether the server answered. Everything it sent before the pong has been received by then. */
  async ping(milliseconds = 2000): Promise<boolean> {
    if (!this.isOpen) return false
    this.record.pings += 1
    const { pings } = this.record
    this.#socket.ping()
    return this.until(() => this.record.pongs >= pings, milliseconds)
  }

  /** Waits until this many frames have been received. @returns whether they have. */
  frames(count: number, milliseconds: number): Promise<boolean> {
    return this.until(() => this.record.frames.length >= count, milliseconds)
  }

  /** Waits for a condition while the connection lasts. @returns whether it was met. */
  async until(isMet: () => boolean, milliseconds: number): Promise<boolean> {
    if (isMet() || this.#ended) return isMet()
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#listeners.delete(check)
        resolve()
      }
      const check = (): void => {
        if (isMet() || this.#ended) done()
      }
      const timer = setTimeout(done, milliseconds)
      this.#listeners.add(check)
    })
    return isMet()
  }

  /** Closes it from this side. */
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

  #setEnded(): void {
    this.#ended = true
    this.#changed()
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** The state of a connection, for people. */
export function describeState({ openedNanos, error, closed, isFlooded }: SocketRecord): string {
  if (openedNanos === undefined) return `no connection (${error ?? 'timed out'})`
  if (isFlooded === true) {
    return `terminated by dvbcss check after more than ${MAX_FRAMES} messages or ${MAX_RECORDED_BYTES >> 20} MiB`
  }
  if (closed === undefined) return 'open'
  const why = [closed.reason, error].filter((text) => text !== undefined && text !== '').join(', ')
  return `closed by the server with code ${closed.code}${why === '' ? '' : ` (${why})`}`
}

/** Whether the server ended the connection without a close frame: it crashed, or dropped the connection. */
export function wasDropped({ closed }: SocketRecord): boolean {
  return closed?.code === NO_CLOSE_FRAME
}
