// @ts-check
// Half of the companions of the overload measurement: they take in what comes and look at none of it, so that the
// machine's time goes to the server. argv: the port, and how many.
import { once } from 'node:events'
import { connect } from 'node:net'
import process from 'node:process'

const [port, connections] = process.argv.slice(2).map(Number)
const AT_ONCE = 50
const HANDSHAKE =
  'GET /cii HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
/** Unasked, masked with zeros: a sign of life for a server that ends connections without one. */
const PONG = Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0)
const PONG_MILLIS = 10_000

let bytes = 0
let lost = 0

async function join() {
  const socket = connect({ port: port ?? 0, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(HANDSHAKE)
  const [head] = await once(socket, 'data')
  if (!String(head).startsWith('HTTP/1.1 101')) throw new Error(`refused: ${String(head).slice(0, 80)}`)
  socket.on('data', (chunk) => {
    bytes += chunk.length
  })
  socket.once('close', () => {
    lost += 1
  })
  setInterval(() => socket.write(PONG), PONG_MILLIS)
}

for (let opened = 0; opened < (connections ?? 0); opened += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, (connections ?? 0) - opened) }, join))
}
process.on('message', () => process.send?.({ bytes, lost }))
process.on('disconnect', () => process.exit())
process.send?.({})
