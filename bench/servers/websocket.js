// @ts-check
// A server of CII or TS in a process of its own: this package's, or the floor.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { answerQuestions, cpuMicros, sharedMillis, startOptions } from '../answering.js'
import { floorServer } from './floor.js'
import { ciiServer, tsServer } from './television.js'

/**
 * @typedef {object} Served
 * @property {number} port
 * @property {number | undefined} [udpPort] of the wall clock
 * @property {() => number} open connections
 * @property {(n: number) => void} update sends everybody the n-th update
 * @property {() => number} messagesOut sent so far
 * @property {() => number[]} buffered bytes that wait for each client
 */

const { server, endpoint, ...options } = startOptions()
/** @type {Served} */
const served = await (server === 'floor'
  ? floorServer(endpoint, options)
  : endpoint === 'cii'
    ? ciiServer(options)
    : tsServer(options))

let updates = 0

/**
 * Sends updates one after the other, each when all messages of the one before are on their way.
 * @param {{ count: number, inOneTick?: number, clients?: number, quietTurns?: number }} details clients: that get each update;
 *   quietTurns: of the event loop, in which the callbacks of the writes come. Without them a client is still being written to when
 *   the next update comes, and does not get a message of its own.
 */
async function update({ count, inOneTick = 1, clients = served.open(), quietTurns = 3 }) {
  const [start, sentBefore] = [cpuMicros(), served.messagesOut()]
  let startedAt = sharedMillis()
  for (let i = 0; i < count; i++) {
    const expected = served.messagesOut() + clients
    startedAt = sharedMillis()
    for (let n = 0; n < inOneTick; n++) {
      updates += 1
      served.update(updates)
    }
    for (let turns = 0, before = expected; turns < quietTurns; ) {
      await turn()
      const sent = served.messagesOut()
      turns = sent >= expected && sent === before ? turns + 1 : 0
      before = sent
    }
  }
  return { micros: cpuMicros() - start, startedAt, messages: served.messagesOut() - sentBefore, updates }
}

/** @type {NodeJS.Timeout | undefined} */
let changing

answerQuestions({
  ready: () => ({ port: served.port, udpPort: served.udpPort }),
  open: () => served.open(),
  update,
  /** @param {{ perSecond: number }} details 0 for none */
  change: ({ perSecond }) => {
    clearInterval(changing)
    if (perSecond === 0) return
    changing = setInterval(() => {
      updates += 1
      served.update(updates)
    }, 1000 / perSecond)
  },
  /** Sends updates, whether or not the clients read. @param {{ count: number }} details */
  hurry: async ({ count }) => {
    for (let i = 0; i < count; i++) {
      updates += 1
      served.update(updates)
      await turn()
    }
    return { buffered: served.buffered() }
  },
  /** CPU time of a stretch in which nothing is asked. @param {{ seconds: number }} details */
  rest: async ({ seconds }) => {
    const [start, startedAt] = [cpuMicros(), sharedMillis()]
    await sleep(seconds * 1000)
    return { microsPerSecond: ((cpuMicros() - start) / (sharedMillis() - startedAt)) * 1000 }
  },
})
