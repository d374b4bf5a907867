// The wall clock server of dvbcss-protocols 0.0.4, as its documentation has it made: a process of its own, because it does not
// withstand what is sent to it. The options are its own, as JSON in the first argument.
import { createSocket } from 'node:dgram'
import clocks from 'dvbcss-clocks'
import protocols from 'dvbcss-protocols'

const options = JSON.parse(process.argv[2] ?? '{}')
const wallClock = new clocks.CorrelatedClock(new clocks.DateNowClock(), { tickRate: 1e9 })
const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1', () => {
  const { createBinaryUdpServer } = /** @type {any} */ (protocols.WallClock)
  createBinaryUdpServer(socket, wallClock, options)
  console.log(`udp://127.0.0.1:${socket.address().port}`)
})
