import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { AdaptedSocket } from '../../../plugins/adapted-socket.js'
import { MountedConnections } from '../../../plugins/mounted-connections.js'
import { EndpointServer } from '../../../src/server/endpoint/index.js'

/** A socket into which a test writes, and from which it lets the peer read. */
function adaptedSocket() {
  const peer = { bufferedAmount: 0 }
  const raw = { bytesWritten: 0 }
  const request = { ip: '192.0.2.1', raw: { socket: raw }, headers: {} }
  const never = Number.POSITIVE_INFINITY
  const mount = new MountedConnections(new EndpointServer({ maxBufferedBytes: 1000 }), never, never, never)
  const adapted = new AdaptedSocket(peer as WebSocket, request as unknown as FastifyRequest, mount)
  return {
    adapted,
    write: (bytes: number) => {
      peer.bufferedAmount += bytes
      raw.bytesWritten += bytes
    },
    read: (bytes: number) => {
      peer.bufferedAmount -= bytes
    },
  }
}

describe('the time for which a peer has not read', () => {
  it('goes on while it reads a little', () => {
    const { adapted, write, read } = adaptedSocket()
    write(500)
    expect(adapted.unreadFor(0)).toBe(0)
    for (let seconds = 1; seconds <= 10; seconds += 1) {
      read(1)
      expect(adapted.unreadFor(seconds)).toBe(seconds)
    }
  })

  it('goes on while more is written than it reads', () => {
    const { adapted, write, read } = adaptedSocket()
    write(500)
    adapted.unreadFor(0)
    read(100)
    write(300)
    expect(adapted.unreadFor(5)).toBe(5)
  })

  it('begins anew when it has read all that waited at the beginning, whatever was written since', () => {
    const { adapted, write, read } = adaptedSocket()
    write(500)
    adapted.unreadFor(0)
    read(400)
    write(1000)
    expect(adapted.unreadFor(5)).toBe(5)
    read(100)
    expect(adapted.unreadFor(6)).toBe(0)
    expect(adapted.unreadFor(9)).toBe(3)
  })

  it('is none while nothing waits', () => {
    const { adapted, write, read } = adaptedSocket()
    write(500)
    adapted.unreadFor(0)
    read(500)
    expect(adapted.unreadFor(100)).toBe(0)
    write(1)
    expect(adapted.unreadFor(200)).toBe(0)
  })
})
