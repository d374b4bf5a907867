import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { MulticastInterface } from './network-interfaces.js'
import { SSDP_GROUP_IPV4, SSDP_GROUP_IPV6 } from './ssdp-message.js'

/** How many routers a message passes, as UPnP Device Architecture 1.1 recommends. */
const MULTICAST_TTL = 2

export type DatagramListener = (datagram: Buffer, from: RemoteInfo) => void

export function groupOf(family: 'IPv4' | 'IPv6'): string {
  return family === 'IPv4' ? SSDP_GROUP_IPV4 : SSDP_GROUP_IPV6
}

/**
 * A socket that receives what is multicast to the group, on these interfaces, beside other programs that listen on the same port.
 *
 * @throws the system's error; the socket is closed then
 */
export function listenToGroup(
  family: 'IPv4' | 'IPv6',
  port: number,
  interfaces: readonly MulticastInterface[],
  onMessage: DatagramListener,
): Promise<Socket> {
  const socket =
    family === 'IPv4'
      ? createSocket({ type: 'udp4', reuseAddr: true })
      : createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true })
  socket.on('message', onMessage)
  return bound(socket, { port, address: family === 'IPv4' ? '0.0.0.0' : '::' }, () => {
    for (const each of interfaces.filter((candidate) => candidate.family === family)) joinGroup(socket, each)
  })
}

/** @returns whether the interface is joined, now or before; one that has gone or has no multicast is not */
export function joinGroup(socket: Socket, { family, address }: MulticastInterface): boolean {
  try {
    socket.addMembership(groupOf(family), address)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  }
}

/**
 * A socket that multicasts from one interface, and receives the answers.
 *
 * @throws the system's error; the socket is closed then
 */
export function multicastSocket(from: MulticastInterface, onMessage: DatagramListener): Promise<Socket> {
  const { family, address } = from
  const socket = createSocket(family === 'IPv4' ? { type: 'udp4' } : { type: 'udp6', ipv6Only: true })
  socket.on('message', onMessage)
  return bound(socket, family === 'IPv4' ? { port: 0, address } : { port: 0 }, () => {
    socket.setMulticastInterface(address)
    socket.setMulticastTTL(MULTICAST_TTL)
    // For companions and televisions on the same machine.
    socket.setMulticastLoopback(true)
  })
}

function bound(socket: Socket, where: { port: number; address?: string }, prepare: () => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => {
      socket.close()
      reject(error)
    }
    socket.once('error', failed)
    socket.bind(where, () => {
      socket.off('error', failed)
      try {
        prepare()
      } catch (error) {
        failed(error)
        return
      }
      // An interface that goes away must not end the process; what cannot be sent is lost, as datagrams are.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
