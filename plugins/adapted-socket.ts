import type { Duplex } from 'node:stream'
import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import {
  type Authority,
  type ConnectionHandlers,
  type ConnectionSocket,
  DEFAULTS,
  type TimeoutReason,
} from '../src/server/endpoint/index.js'
import type { MountedConnections } from './mounted-connections.js'
import { yieldTurn } from './reading-turns.js'
import { requestAuthority } from './request-authority.js'

const TEXT = { binary: false }
const BINARY = { binary: true }
const NOTHING = Buffer.alloc(0)
/** Pings, unmasked as a server sends them (RFC 6455, 5.5.2), and their payloads: a byte, by which a pong is matched to its ping. */
const PINGS = Array.from({ length: 256 }, (_, number) => Buffer.from([0x89, 1, number]))
const PAYLOADS = PINGS.map((ping) => ping.subarray(2))

/** The part of its parser's state that `ws` 8 has no public name for. */
interface Parser {
  /** The opcode of a fragmented message that is not complete, else 0. */
  readonly _fragmented: number
  /** Bytes of an incomplete frame. */
  readonly _bufferedBytes: number
  /** 0 between two frames. */
  readonly _state: number
  /** Whether it goes on to the next frame of what it has. */
  _loop: boolean
}

/** The stream of a `ws` socket, which has no public name either. */
interface Internals {
  readonly _socket?: Duplex | null
}

/** A `ws` socket as the servers see it, and what has to be known of its peer to limit what it costs. */
export class AdaptedSocket implements ConnectionSocket {
  readonly remoteAddress: string
  readonly localAuthority: Authority
  readonly handshake: FastifyRequest
  /** The other connections of its endpoint. */
  readonly mount: MountedConnections
  /** The server's side of this connection, once there is one. */
  handlers: ConnectionHandlers | undefined = undefined
  /** Where {@link MountedConnections} keeps this connection. */
  slot = 0
  index = 0
  readonly #socket: WebSocket
  /** The answer to the handshake is held back, so that it leaves in one packet with the first message. */
  #isHeld: boolean
  #closing = false
  #closeTimer: NodeJS.Timeout | undefined
  #framesSinceClose = 0
  #workSinceYield = 0
  /**
   * Reasons for not reading: the peer does not read either; the server asks for it; other connections have their turn; a flood after a
   * close.
   */
  #isBehind = false
  #isHeldBack = false
  #isYielding = false
  #isDiscarded = false
  #messages = 0
  /** Pings since the last frame of the peer. */
  #silentPings = 0
  #unansweredPings = 0
  /** The number of the latest ping, which is its payload; whether it is unanswered; when it was sent. */
  #pingNumber = 0
  #isPinged = false
  #pingSentAt = Number.NEGATIVE_INFINITY
  /** Since when the peer has owed us the reading of all that was written by then. */
  #unread: { bytesWritten: number; since: number } | undefined
  /** The message that the peer has begun: how many it had sent before, and since when it has been incomplete. */
  #incomplete: { messages: number; since: number } | undefined

  constructor(socket: WebSocket, request: FastifyRequest, mount: MountedConnections) {
    this.#socket = socket
    this.mount = mount
    this.handshake = request
    // An injected request has no address.
    this.remoteAddress = request.ip ?? ''
    this.localAuthority = requestAuthority(request, mount.authorities)
    this.#isHeld = (request.raw.socket?.writableCorked ?? 0) > 0
  }

  get bufferedAmount(): number {
    return this.#isHeld ? 0 : this.#socket.bufferedAmount
  }

  /** Sends the answer to the handshake, if it was held back. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.handshake.raw.socket.uncork()
  }

  /** Whether `ws` has destroyed the socket by itself, as it does when 60 of its pongs wait for the peer. */
  get abandoned(): boolean {
    return !this.#closing && !this.#isPaused && this.#socket.readyState !== this.#socket.OPEN
  }

  send(data: string | Uint8Array, isText: boolean, onFlushed: (() => void) | undefined): void {
    if (isText && onFlushed === undefined && typeof data !== 'string' && this.#isIdle) {
      const { _socket: socket } = this.#socket as unknown as Internals
      socket?.write(this.mount.frames.of(data))
      this.release()
      this.#watchSending()
      return
    }
    const options = isText ? TEXT : BINARY
    if (this.#isBehind || this.#socket.bufferedAmount <= this.mount.pauseAbove) {
      this.#socket.send(data, options, onFlushed)
      this.release()
      this.#watchSending()
      return
    }
    this.mount.sending.add(this)
    // A peer that does not read its answers has to wait with its questions.
    this.#isBehind = true
    this.#pauseOrResume()
    this.#socket.send(data, options, () => {
      this.#isBehind = false
      this.#pauseOrResume()
      onFlushed?.()
    })
  }

  whenFlushed(flushed: () => void): void {
    const { _socket: socket } = this.#socket as unknown as Internals
    // What compresses is not in the socket's queue yet.
    if (socket == null || socket.writableLength === 0) setImmediate(flushed)
    else socket.write(NOTHING, () => flushed())
  }

  /** Whether a frame can be written past `ws`: everything before it has been handed over. */
  get #isIdle(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.bufferedAmount === 0
  }

  /** Whatever is written, and however, has to be read within `sendTimeoutSeconds`. */
  #watchSending(): void {
    if (this.#socket.bufferedAmount > 0) this.mount.sending.add(this)
  }

  get #isPaused(): boolean {
    return this.#isBehind || this.#isHeldBack || this.#isYielding || this.#isDiscarded
  }

  #pauseOrResume(): void {
    if (this.#isPaused) this.#socket.pause()
    else this.#socket.resume()
  }

  setPaused(isPaused: boolean): void {
    this.#isHeldBack = isPaused
    this.#pauseOrResume()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    // The peer's own close frame stands behind what it has sent before.
    this.#isBehind = false
    this.#isHeldBack = false
    this.#pauseOrResume()
    this.endSoon()
  }

  /** The peer may never answer a close frame. */
  endSoon(): void {
    this.#closing = true
    this.#closeTimer ??= setTimeout(() => this.terminate(), DEFAULTS.closeTimeoutSeconds * 1000)
  }

  closed(): void {
    clearTimeout(this.#closeTimer)
  }

  /** @returns whether the message is to be processed. */
  receivedMessage(bytes: number): boolean {
    this.#messages += 1
    return this.#receivedFrame(bytes)
  }

  /** `ws` has answered it. @returns whether the ping is one to be counted. */
  receivedPing(): boolean {
    this.#watchSending()
    return this.#receivedFrame()
  }

  /** @returns whether the pong is one to be counted: it does not answer a ping of ours. */
  receivedPong(payload: Uint8Array): boolean {
    if (!this.#receivedFrame()) return false
    if (this.#isPinged && payload.length === 1 && payload[0] === this.#pingNumber) {
      this.#isPinged = false
      // A peer may answer only the latest of several pings (RFC 6455, 5.5.3).
      this.#unansweredPings = 0
      this.handlers?.pong((performance.now() - this.#pingSentAt) / 1000)
      return false
    }
    if (this.#unansweredPings === 0) return true
    this.#unansweredPings -= 1
    return false
  }

  /** Any frame is a sign of life. @returns false after a close, when only the peer's own close frame is of interest. */
  #receivedFrame(bytes = 0): boolean {
    this.#silentPings = 0
    this.#workSinceYield += DEFAULTS.bytesOfFrame + bytes
    if (this.#workSinceYield >= DEFAULTS.bytesBeforeYielding && !this.#isYielding) this.#yield()
    if (!this.#closing) return true
    this.#framesSinceClose += 1
    if (this.#framesSinceClose === DEFAULTS.framesAfterClose) {
      // The rest stays in the operating system, where it costs no processor time, until the socket is destroyed.
      this.#isDiscarded = true
      this.#pauseOrResume()
      const parser = this.#parser
      if (parser !== undefined) parser._loop = false
    }
    return false
  }

  /** Lets other connections be read before this one goes on. */
  #yield(): void {
    this.#isYielding = true
    this.#pauseOrResume()
    yieldTurn(() => {
      this.#workSinceYield = 0
      this.#isYielding = false
      this.#pauseOrResume()
    })
  }

  /** Part of a message, or more, has come and was parsed. */
  receivedChunk(): void {
    if (this.#hasBegunMessage()) this.mount.receiving.add(this)
  }

  /** Pings the peer, and ends the connection of one that has shown no sign of life for two intervals. */
  heartbeat(): void {
    // Pongs are not read either while reading is paused; that the peer does not read has a time limit of its own.
    if (this.#isBehind || this.#isHeldBack) return
    if (this.#silentPings >= 2) {
      this.giveUp('heartbeat')
      return
    }
    this.#silentPings += 1
    this.#ping(performance.now())
  }

  ping(): void {
    if (this.#isBehind || this.#isHeldBack || this.#closing || this.#isPinged) return
    const now = performance.now()
    if (now - this.#pingSentAt >= DEFAULTS.pingIntervalSeconds * 1000) this.#ping(now)
  }

  #ping(nowMilliseconds: number): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#unansweredPings += 1
    this.#isPinged = true
    this.#pingNumber = (this.#pingNumber + 1) & 0xff
    this.#pingSentAt = nowMilliseconds
    if (this.#isIdle) (this.#socket as unknown as Internals)._socket?.write(PINGS[this.#pingNumber] as Buffer)
    else this.#socket.ping(PAYLOADS[this.#pingNumber])
    this.#watchSending()
  }

  /** Ends the connection of a peer that has not read, within this time, what waited for it. */
  checkSending(nowMilliseconds: number, timeoutMilliseconds: number): void {
    if (this.unreadFor(nowMilliseconds) >= timeoutMilliseconds) this.giveUp('send')
    if (this.#unread === undefined) this.mount.sending.delete(this)
  }

  /** Closes the connection of a peer that has not completed, within this time, a message that it has begun. */
  checkReceiving(nowMilliseconds: number, timeoutMilliseconds: number): void {
    if (this.incompleteFor(nowMilliseconds) >= timeoutMilliseconds) this.handlers?.timedOut('message')
    if (!this.#hasBegunMessage()) this.mount.receiving.delete(this)
  }

  giveUp(reason: TimeoutReason): void {
    this.handlers?.timedOut(reason)
    this.terminate()
  }

  /** @returns for how long the peer has not read all that waited for it once, in milliseconds. Reading a little does not count. */
  unreadFor(nowMilliseconds: number): number {
    const waiting = this.#socket.bufferedAmount
    if (waiting === 0) {
      this.#unread = undefined
      return 0
    }
    // What waits included. An injected request has no socket; its peer has to read everything.
    const bytesWritten = this.handshake.raw.socket?.bytesWritten ?? 0
    if (this.#unread === undefined || bytesWritten - waiting >= this.#unread.bytesWritten) {
      this.#unread = { bytesWritten, since: nowMilliseconds }
    }
    return nowMilliseconds - this.#unread.since
  }

  /** @returns for how long a message of the peer has been incomplete, in milliseconds. */
  incompleteFor(nowMilliseconds: number): number {
    if (this.#closing || this.#isBehind || this.#isHeldBack || !this.#hasBegunMessage()) {
      this.#incomplete = undefined
      return 0
    }
    if (this.#incomplete?.messages !== this.#messages) {
      this.#incomplete = { messages: this.#messages, since: nowMilliseconds }
    }
    return nowMilliseconds - this.#incomplete.since
  }

  /** Optional, so that with another version of `ws` these limits are weaker and nothing breaks. Tests notice. */
  get #parser(): Partial<Parser> | undefined {
    return (this.#socket as unknown as { _receiver?: Partial<Parser> })._receiver
  }

  #hasBegunMessage(): boolean {
    const parser = this.#parser
    return Boolean(parser?._fragmented || parser?._bufferedBytes || parser?._state)
  }

  terminate(): void {
    this.#closing = true
    if (this.#isDiscarded) {
      // Otherwise `ws` would parse what Node has read and not passed on, which of a flood is 64 KiB or more.
      const { socket } = this.handshake.raw
      socket?.removeAllListeners('data')
      socket?.read()
    }
    this.#socket.terminate()
  }
}
