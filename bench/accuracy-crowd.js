// @ts-check
// Companions that hang on the television's CII while its clock is measured.
import { once } from 'node:events'
import process from 'node:process'
import { WebSocket } from 'ws'

const [port, connections] = process.argv.slice(2)
const AT_ONCE = 50
for (let opened = 0; opened < Number(connections); opened += AT_ONCE) {
  const sockets = Array.from({ length: AT_ONCE }, () => new WebSocket(`ws://127.0.0.1:${port}/cii`))
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
}
process.on('disconnect', () => process.exit())
process.send?.({})
