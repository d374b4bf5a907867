// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { discoveryPlugin } from 'fastify-dvbcss'

const DIAL = 'urn:dial-multiscreen-org:service:dial:1'
const LINES = ['M-SEARCH * HTTP/1.1', 'MAN:"ssdp:discover"', 'MX:1']
const SEARCHES = {
  shortest: [...LINES.slice(0, 2), `ST:${DIAL}`, '', ''].join('\r\n'),
  'for everything': [...LINES.slice(0, 2), 'ST:ssdp:all', '', ''].join('\r\n'),
  'of a companion': [
    LINES[0],
    'HOST: 239.255.255.250:1900',
    'MAN: "ssdp:discover"',
    'MX: 3',
    `ST: ${DIAL}`,
    '',
    '',
  ].join('\r\n'),
  'for another target': [...LINES, 'ST:upnp:rootdevice', '', ''].join('\r\n'),
}
const FLOOD = 1000
/** The last answer comes 0.8 s after a search without MX, 2.4 s after one that waits for three. */
const LAST_ANSWER_MILLIS = 1000

async function freePort() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

/**
 * Sends searches to a television and counts what it sends back to their source.
 * @param {string} search
 * @param {number} times within a second
 */
async function bytesOf(search, times) {
  const port = await freePort()
  const app = Fastify()
  await app.register(discoveryPlugin, { port, friendlyName: 'Living room' })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await app.discovery.started
  const socket = createSocket('udp4')
  let received = 0
  socket.on('message', (answer) => {
    received += answer.length
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  for (let sent = 0; sent < times; sent++) socket.send(search, port, '127.0.0.1')
  await sleep(search.includes('MX: 3') ? 3 * LAST_ANSWER_MILLIS : LAST_ANSWER_MILLIS)
  socket.close()
  await app.close()
  return { sent: times * search.length, received }
}

/** @type {import('../run.js').Bench} */
export const ssdpAmplification = {
  name: 'ssdp-amplification',
  title: 'bytes that a television sends to the source of a search, for each byte of the search',
  async run({ quick, note }) {
    const rounds = quick ? 1 : 3
    /** @type {import('../comparison.js').Comparison[]} */
    const comparisons = []
    const compare = async (/** @type {string} */ what, /** @type {string} */ search, /** @type {number} */ times) => {
      const samples = []
      for (let round = 0; round < rounds; round++) samples.push(await bytesOf(search, times))
      comparisons.push({
        what,
        unit: 'bytes',
        floorName: 'searches',
        oursName: 'answers',
        floor: samples.map(({ sent }) => sent),
        ours: samples.map(({ received }) => received),
        ...(times > 1 && { goal: { ratio: 0.1 } }),
      })
    }
    for (const [kind, search] of Object.entries(SEARCHES)) await compare(`a search ${kind}`, search, 1)
    await compare(`${FLOOD} of the shortest at once`, SEARCHES.shortest, FLOOD)
    note('Without the headers of UDP and IP, which would make the ratios smaller.')
    return comparisons
  },
}
