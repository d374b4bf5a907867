// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** The floor of a wall clock: the minimum cost of receiving and sending a datagram in Node. @returns {Promise<number>} the port */
export async function udpEcho() {
  const socket = createSocket('udp4')
  socket.on('message', (message, remote) => socket.send(message, remote.port, remote.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}
