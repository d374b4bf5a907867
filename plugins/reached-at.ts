import type { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authority } from '../src/server/connection.js'
import { addressesOfApp, hostOfAddress, isServed, neighboursOf } from './machine-addresses.js'

/**
 * Where a client reached us. By default that is the socket's own address, because anybody can write anything into a Host
 * header. Behind a proxy that the app trusts it is the host that the proxy names, and over TLS
 * the name that the client asked a certificate for.
 */
export function reachedAt(request: FastifyRequest): Authority {
  return fromTrustedProxy(request) ?? fromSocket(request)
}

function fromTrustedProxy(request: FastifyRequest): Authority | undefined {
  // Fastify has `ips` only under trustProxy, with more than the socket's address only where the peer is trusted. `host` is the
  // forwarded one only for a trusted peer; a proxy that rewrites Host instead of forwarding it is covered too.
  const trusted = request.ips !== undefined && (request.ips.length > 1 || request.host !== request.headers.host)
  return trusted ? parseAuthority(request.host, request.protocol === 'https') : undefined
}

function parseAuthority(authority: string, secure: boolean): Authority | undefined {
  // The header is not validated by anybody before: only what can be a host and a port goes into a URL of ours.
  if (!/^[A-Za-z0-9._-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(authority)) return undefined
  const scheme = secure ? 'https' : 'http'
  if (!URL.canParse(`${scheme}://${authority}`)) return undefined
  const url = new URL(`${scheme}://${authority}`)
  // A URL leaves out the port where it is the scheme's own.
  return { host: url.hostname, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port), secure }
}

function fromSocket(request: FastifyRequest): Authority {
  const socket = request.raw.socket as Partial<TLSSocket> | undefined
  const secure = socket?.encrypted === true
  const port = socket?.localPort ?? (secure ? 443 : 80)
  const serverName: unknown = socket?.servername
  const named = typeof serverName === 'string' && serverName !== '' ? parseAuthority(serverName, secure) : undefined
  const localAddress = socket?.localAddress
  // An injected request has no address.
  if (localAddress === undefined) return { host: named?.host ?? 'localhost', port, secure }
  return { host: named?.host ?? hostOnSameLink(localAddress, request.server), port, secure, localAddress }
}

/** The address itself, or for a link-local one another address of its interface at which the app can be reached. */
function hostOnSameLink(localAddress: string, app: FastifyInstance): string | null {
  const host = hostOfAddress(localAddress)
  if (host !== null) return host
  const bound = addressesOfApp(app)
  const other = neighboursOf(localAddress).find((address) => isServed(bound, address))
  return other === undefined ? null : hostOfAddress(other)
}
