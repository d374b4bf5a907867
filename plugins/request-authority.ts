import { type AddressInfo, Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Authority, defaultPort, parseHostAndPort, parsePathPrefix } from '../src/server/endpoint/index.js'
import { addressesOfApp, hostOfAddress, isServed, neighboursOf } from './machine-addresses.js'

/** What proxies add to a request. */
const FORWARDED = ['for', 'host', 'port', 'prefix', 'proto'].map((name) => `x-forwarded-${name}`)
const PROBE = 'probe.invalid'

/**
 * Where a client reached us. By default that is the socket's own address, because anybody can write anything into a Host
 * header. Behind a proxy that the app trusts it is the host that the proxy names, and over TLS
 * the name that the client asked a certificate for.
 */
export function requestAuthority(request: FastifyRequest, shared: SharedAuthorities): Authority {
  return (isFromTrustedProxy(request) ? fromProxy(request) : undefined) ?? fromSocket(request, shared)
}

/** A client that has reached us directly is one even if `trustProxy` covers its address. */
function isFromTrustedProxy(request: FastifyRequest): boolean {
  if (!isForwarded(request.headers)) return false
  // Fastify does not say whether it trusts the peer. But its `host` is the forwarded one only for a trusted peer.
  const probe: FastifyRequest = Object.create(request, { headers: { value: { 'x-forwarded-host': PROBE } } })
  return probe.host === PROBE
}

function isForwarded(headers: FastifyRequest['headers']): boolean {
  for (const name of FORWARDED) if (headers[name] !== undefined) return true
  return false
}

function fromProxy(request: FastifyRequest): Authority | undefined {
  const found = parseHostAndPort(request.host)
  if (found === undefined) return undefined
  // Traefik writes the protocol of a WebSocket as `wss`.
  const secure = /^(?:https|wss)$/i.test(request.protocol)
  const port = found.port ?? forwardedPort(request) ?? defaultPort(secure)
  return { secure, host: found.host, port, prefix: forwardedPrefix(request) }
}

/** Of several values the last is the nearest proxy's, as Fastify takes it for the host. */
function forwardedPort({ headers }: FastifyRequest): number | undefined {
  const last =
    String(headers['x-forwarded-port'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? ''
  const port = /^\d{1,5}$/.test(last) ? Number(last) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** Of several values each is what one proxy has stripped, the outermost first; one that is not a path makes all of them void. */
function forwardedPrefix({ headers }: FastifyRequest): string {
  const values = String(headers['x-forwarded-prefix'] ?? '').split(',')
  const prefixes = values.map((value) => parsePathPrefix(value.trim()))
  if (prefixes.includes(undefined)) return ''
  return parsePathPrefix(prefixes.join('')) ?? ''
}

function isEncrypted(request: FastifyRequest): boolean {
  return (request.raw.socket as Partial<TLSSocket> | undefined)?.encrypted === true
}

function fromSocket(request: FastifyRequest, shared: SharedAuthorities): Authority {
  const socket = request.raw.socket as Partial<TLSSocket> | undefined
  const secure = isEncrypted(request)
  const bound = boundTo((socket as { server?: Server } | undefined)?.server)
  const port = bound?.port ?? socket?.localPort ?? defaultPort(secure)
  const serverName: unknown = socket?.servername
  const named = typeof serverName === 'string' && serverName !== '' ? parseHostAndPort(serverName) : undefined
  const localAddress = bound?.address ?? socket?.localAddress
  // An injected request has no address.
  if (localAddress === undefined) return { host: named?.host ?? 'localhost', port, secure }
  if (named !== undefined) return { host: named.host, port, secure, localAddress }
  // Looked up each time: what else the interface has may change.
  const host = hostOfAddress(localAddress)
  if (host === null) return { host: hostOnSameLink(localAddress, request.server), port, secure, localAddress }
  return shared.of(host, port, secure, localAddress)
}

const boundAddresses = new WeakMap<Server, AddressInfo | null>()

/**
 * The one address at which a server accepts connections, where it is bound to an IPv4 address and not to all of them. Asking the system
 * for the address of each socket takes a twentieth of the time of a handshake.
 */
function boundTo(server: Server | undefined): AddressInfo | null {
  if (!(server instanceof Server)) return null
  const known = boundAddresses.get(server)
  if (known !== undefined) return known
  const address = server.address()
  const isOne = typeof address === 'object' && address?.family === 'IPv4' && address.address !== '0.0.0.0'
  const bound = isOne ? address : null
  boundAddresses.set(server, bound)
  server.once('close', () => boundAddresses.delete(server))
  return bound
}

const MAX_RECENT = 8

/** One object for all connections of a mount to the same address: there are few addresses and perhaps tens of thousands of connections. */
export class SharedAuthorities {
  readonly #recent: Authority[] = []

  of(host: string, port: number, secure: boolean, localAddress: string): Authority {
    for (const authority of this.#recent) {
      if (authority.port === port && authority.secure === secure && authority.localAddress === localAddress)
        return authority
    }
    if (this.#recent.length === MAX_RECENT) this.#recent.shift()
    const authority = Object.freeze({ host, port, secure, localAddress })
    this.#recent.push(authority)
    return authority
  }
}

/** For a link-local address another one of its interface at which the app can be reached. */
function hostOnSameLink(localAddress: string, app: FastifyInstance): string | null {
  const bound = addressesOfApp(app)
  const other = neighboursOf(localAddress).find((address) => isServed(bound, address))
  return other === undefined ? null : hostOfAddress(other)
}
