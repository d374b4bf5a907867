import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { Authority } from '../src/server/connection.js'

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
  // An injected request has no address.
  return { host: named?.host ?? hostOfAddress(socket?.localAddress ?? 'localhost'), port, secure }
}

/** An IP address as a URL has it: IPv4 without its mapping into IPv6, IPv6 in brackets and without its zone. */
export function hostOfAddress(address: string): string {
  const unmapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (unmapped !== undefined) return unmapped
  return address.includes(':') ? `[${address.replace(/%.*$/, '')}]` : address
}
