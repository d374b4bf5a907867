// @ts-check
// Aborted handshakes, as clients and networks cause them.
import { connect } from 'node:net'

/** @typedef {import('node:net').Socket} Socket */

/** @type {((socket: Socket, request: string) => void)[]} */
const BREAKS = [
  /** Ends before the request. */
  (socket) => socket.destroy(),
  /** Ends in the middle of the request. */
  (socket, request) => socket.write(request.slice(0, 60), () => socket.destroy()),
  /** Resets without waiting for the answer. */
  (socket, request) => socket.write(request, () => socket.resetAndDestroy()),
  /** Half closes after the request. */
  (socket, request) => socket.end(request),
  /** Resets when the answer arrives. */
  (socket, request) => {
    socket.write(request)
    socket.once('data', () => socket.resetAndDestroy())
  },
  /** Requests a WebSocket version that does not exist. */
  (socket, request) => {
    socket.write(request.replace('Version: 13', 'Version: 7'))
    socket.once('data', () => socket.destroy())
  },
]

/** @param {{ port: number, host: string }} at @param {string} request @param {number} kind @returns {Promise<void>} when it has ended */
export function breakOff(at, request, kind) {
  const socket = connect(at)
  socket.on('error', () => {})
  socket.once('connect', () => BREAKS[kind % BREAKS.length]?.(socket, request))
  socket.resume()
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}
