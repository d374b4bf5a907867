import { Socket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/**
 * The socket that `start` makes, so that a test can let it receive and suffer what no socket of another process can
 * make happen: a sender's port of 0, an error, a close from outside.
 */
export async function serverSocket(start: () => Promise<void>): Promise<Socket> {
  const made: Socket[] = []
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: unknown }
    if (socket instanceof Socket) made.push(socket)
  }
  subscribe('udp.socket', onSocket)
  try {
    await start()
  } finally {
    unsubscribe('udp.socket', onSocket)
  }
  const [socket] = made
  if (socket === undefined || made.length > 1) throw new Error(`expected one socket, saw ${made.length}`)
  return socket
}
