import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { type TLSSocket, Server as TlsServer } from 'node:tls'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { DEFAULTS } from '../src/server/endpoint/index.js'
import { visible } from '../src/validation/index.js'
import { readersOf } from './unrouted-upgrades.js'

/** How often a closing app looks for connections to end. */
const SWEEP_INTERVAL_MILLIS = 100

/** Connections that a log line lists at most. */
const LISTED_CONNECTIONS = 10

const NEW_SOCKETS = 'net.server.socket'

const SERVICE_UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'

/** What is known of a socket of the app is kept on the socket itself: a map would hold it all for the garbage collector to go through. */
const LATEST = Symbol('latest request')
const OURS = Symbol('ours')
const UNROUTED = Symbol('unrouted')

interface LatestRequest {
  /** Responses leave in order: once the latest request has been answered, all have. */
  readonly request: IncomingMessage
  /** Undefined for an upgrade. */
  readonly response: ServerResponse | undefined
  readonly upgradedAt: number
  /** Of the socket, before the upgrade was answered. */
  readonly bytesWritten: number
}

interface WithLatest {
  [LATEST]?: LatestRequest | undefined
}

interface MarkedRequest extends IncomingMessage {
  [OURS]?: true
  [UNROUTED]?: true
}

interface HeldConnection {
  kind: 'request' | 'upgraded socket'
  remoteAddress: string | undefined
  method?: string | undefined
  path?: string
}

/**
 * The TCP connections of an app, so that `app.close()` ends. Node waits for every connection that has not completed a
 * request, without a limit, and Fastify by default leaves it at that. When the app closes, those that belong to nobody or
 * to one of our routes are ended after a grace period. Those that belong to other plugins are left alone, but reported.
 */
export class AppConnections {
  readonly #server: Server
  readonly #log: FastifyBaseLogger
  readonly #open = new Set<Socket & WithLatest>()
  /** Sockets whose TLS handshake is not complete, by their peers' addresses: Node does not link them to the TLS sockets. */
  readonly #securing = new Map<string, Socket>()
  readonly #http2Sessions = new Set<Http2Session>()
  readonly #appServers = new WeakMap<object, boolean>()
  /** How many listeners read the socket whose upgrade is being emitted, before any listener of the upgrade has run. */
  #readersBefore = 0
  #closingSince = Number.POSITIVE_INFINITY
  #reportTimer: NodeJS.Timeout | undefined

  constructor(root: FastifyInstance) {
    const server = root.server as Server
    this.#server = server
    this.#log = root.log
    this.#watch(server)
    server.on('connection', (socket: Socket) => this.#connected(socket, server))
    server.on('listening', () => subscribe(NEW_SOCKETS, this.#accepted))
    server.on('close', () => unsubscribe(NEW_SOCKETS, this.#accepted))
    this.#listenBeside(server, 'upgrade', this.#upgraded)
    this.#listenBeside(server, 'connect', this.#upgraded)
    this.#listenBeside(server, 'checkContinue', this.#requested)
    this.#listenBeside(server, 'checkExpectation', this.#requested)
    root.addHook('preClose', async () => this.#close())
    root.addHook('onClose', async () => this.#closed())
  }

  /** Whether this is a socket of the app: an injected request has none. */
  has(socket: Socket): boolean {
    return this.#open.has(socket)
  }

  /** The response to a request, unless the request asks for an upgrade. */
  responseTo(request: IncomingMessage): ServerResponse | undefined {
    const latest = (request.socket as WithLatest)[LATEST]
    return latest?.request === request ? latest.response : undefined
  }

  /** Whether this request came as an upgrade on a socket of the app. */
  isUpgrade(request: IncomingMessage): boolean {
    const latest = (request.socket as WithLatest | undefined)?.[LATEST]
    return latest?.request === request && latest.response === undefined
  }

  /** Whether an earlier listener of the upgrade that is being emitted reads the socket, has answered, or has ended it. */
  isTakenMeanwhile(socket: Socket): boolean {
    if (socket.destroyed || socket.writableEnded || readersOf(socket) > this.#readersBefore) return true
    const latest = (socket as WithLatest)[LATEST]
    return latest !== undefined && latest.response === undefined && socket.bytesWritten > latest.bytesWritten
  }

  /** A request that the router has assigned to one of our routes. */
  claim(request: IncomingMessage): void {
    ;(request as MarkedRequest)[OURS] = true
  }

  /** A request that belongs to no route: until its body has arrived, nobody has begun to answer it. */
  unrouted(request: IncomingMessage): void {
    ;(request as MarkedRequest)[UNROUTED] = true
  }

  #watch(server: Server): void {
    this.#appServers.set(server, true)
    server.prependListener('request', this.#requested)
    if (server instanceof TlsServer) server.prependListener('secureConnection', this.#secured)
    server.on('session', (session: Http2Session) => {
      this.#http2Sessions.add(session)
      session.once('close', () => this.#http2Sessions.delete(session))
    })
  }

  /**
   * An app that listens on `localhost` has a server for each address, and only the first is `app.server`. The others are
   * recognised by their request listener, which Fastify shares among them.
   */
  readonly #accepted = (message: unknown): void => {
    const { socket } = message as { socket: Socket & { server?: Server } }
    const { server } = socket
    if (server === undefined || server === this.#server) return
    let isOfApp = this.#appServers.get(server)
    if (isOfApp === undefined) {
      const listeners = this.#server.listeners('request').filter((listener) => listener !== this.#requested)
      isOfApp = server.listeners('request').some((listener) => listeners.includes(listener))
      this.#appServers.set(server, isOfApp)
      if (isOfApp) this.#watch(server)
    }
    if (isOfApp) this.#connected(socket, server)
  }

  #connected(socket: Socket, server: Server): void {
    this.#add(socket)
    if (!(server instanceof TlsServer)) return
    const peer = peerOf(socket)
    this.#securing.set(peer, socket)
    socket.once('close', () => {
      if (this.#securing.get(peer) === socket) this.#securing.delete(peer)
    })
  }

  /** One listener for all sockets. */
  readonly #gone: (this: Socket) => void = goneFrom(this.#open)

  readonly #secured = (socket: TLSSocket): void => {
    const peer = peerOf(socket)
    const raw = this.#securing.get(peer)
    if (raw !== undefined) this.#open.delete(raw)
    this.#securing.delete(peer)
    // Its streams are the session's business.
    if (socket.alpnProtocol === 'h2') return
    this.#add(socket)
  }

  #add(socket: Socket): void {
    this.#open.add(socket)
    socket.on('close', this.#gone)
  }

  readonly #requested = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    if (this.#open.has(socket)) (socket as WithLatest)[LATEST] = { request, response, upgradedAt: 0, bytesWritten: 0 }
  }

  /**
   * Listens only while somebody else does, because Node behaves differently once there is a listener. Without any, an
   * upgrade request is a plain one, which is what a closing app needs when the websocket plugin has left: Fastify answers
   * it, and ends the socket.
   */
  #listenBeside(server: Server, event: string, listener: (request: IncomingMessage, other: never) => void): void {
    const beside = listener as (...args: unknown[]) => void
    if (server.listenerCount(event) > 0) server.prependListener(event, beside)
    server.on('newListener', (added: string | symbol, by: unknown) => {
      if (added !== event || by === beside) return
      if (!server.listeners(event).includes(beside)) server.prependListener(event, beside)
    })
    server.on('removeListener', (removed: string | symbol) => {
      if (removed === event && server.listenerCount(event) === 1) server.off(event, beside)
    })
  }

  readonly #upgraded = (request: IncomingMessage, socket: Socket): void => {
    this.#readersBefore = readersOf(socket)
    if (!this.#open.has(socket)) return
    const earlier = (socket as WithLatest)[LATEST]?.response
    // A finished response keeps its socket until the next tick.
    if (earlier !== undefined && (!earlier.writableFinished || earlier.socket !== null)) {
      // Pipelined behind a response that still has the socket, so the websocket plugin cannot take it. Nobody else would end it.
      earlier.once('close', () => {
        if (!isTaken(socket)) socket.destroy()
      })
      return
    }
    const { bytesWritten } = socket
    // Whole milliseconds take no memory of their own.
    const upgradedAt = Math.ceil(performance.now())
    ;(socket as WithLatest)[LATEST] = { request, response: undefined, upgradedAt, bytesWritten }
  }

  #close(): void {
    this.#closingSince = performance.now()
    const sweeps = setInterval(() => {
      this.#sweep(performance.now())
      // The other servers of `localhost` end after `app.close()` has.
      if (this.#open.size === 0 && !this.#server.listening) clearInterval(sweeps)
    }, SWEEP_INTERVAL_MILLIS)
    sweeps.unref()
    this.#reportAfter(DEFAULTS.closeReportAfterSeconds)
  }

  #sweep(now: number): void {
    // Ends after its last stream.
    for (const session of this.#http2Sessions) session.close()
    if (now - this.#closingSince < DEFAULTS.closeTimeoutSeconds * 1000) return
    for (const socket of this.#open) {
      if (!this.#mayEnd(socket, now)) continue
      const latest = socket[LATEST]
      const isUpgrade = latest !== undefined && latest.response === undefined
      const isUnanswered = isUpgrade && latest.bytesWritten === socket.bytesWritten
      if (isUnanswered) socket.end(SERVICE_UNAVAILABLE, () => socket.destroy())
      else socket.destroy()
    }
  }

  #mayEnd(socket: Socket & WithLatest, now: number): boolean {
    const latest = socket[LATEST]
    if (latest === undefined) return true
    const { response, upgradedAt } = latest
    const request: MarkedRequest = latest.request
    if (response === undefined) {
      // The websocket plugin may have left, while a listener of another plugin is still there that ignores this path.
      const isNobodys = upgradedAt >= this.#closingSince || request[UNROUTED] === true
      return isNobodys && !isTaken(socket) && now - upgradedAt >= DEFAULTS.closeTimeoutSeconds * 1000
    }
    if (response.writableFinished || response.destroyed) return true
    return request[OURS] === true || (request[UNROUTED] === true && !request.complete)
  }

  #reportAfter(seconds: number): void {
    this.#reportTimer = setTimeout(() => {
      this.#reportAfter(DEFAULTS.closeReportIntervalSeconds)
      try {
        this.#report()
      } catch {
        // A logger that throws must not end the process.
      }
    }, seconds * 1000)
    this.#reportTimer.unref()
  }

  #report(): void {
    const held: HeldConnection[] = []
    for (const { remoteAddress, [LATEST]: latest } of this.#open) {
      if (latest === undefined) continue
      const { request, response } = latest
      const kind = response === undefined ? 'upgraded socket' : 'request'
      const path = visible(request.url?.split('?', 1)[0] ?? '')
      held.push({ kind, remoteAddress, method: request.method, path })
    }
    const requests = held.filter(({ kind }) => kind === 'request').length
    const counts = { requests, upgradedSockets: held.length - requests, http2Sessions: this.#http2Sessions.size }
    if (held.length + this.#http2Sessions.size === 0) {
      this.#log.warn('app.close() is waiting for a preClose or onClose hook; no connection is open')
    } else {
      const connections = held.slice(0, LISTED_CONNECTIONS)
      this.#log.warn({ ...counts, connections }, 'app.close() is waiting for connections of other plugins')
    }
  }

  #closed(): void {
    clearTimeout(this.#reportTimer)
    unsubscribe(NEW_SOCKETS, this.#accepted)
  }
}

/** Whether somebody reads what comes after the upgrade. */
function isTaken(socket: Socket): boolean {
  return readersOf(socket) > 0
}

function goneFrom(open: Set<Socket>): (this: Socket) => void {
  return function () {
    open.delete(this)
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
