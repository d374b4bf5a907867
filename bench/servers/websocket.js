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
 * @param {{ count: number, inOneTick?: number, clients?: number }} details
 */
async function update({ count, inOneTick = 1, clients = served.open() }) {
  const [start, sentBefore] = [cpuMicros(), served.messagesOut()]
  let startedAt = sharedMillis()
  for (let i = 0; i < count; i++) {
    const expected = served.messagesOut() + clients
    startedAt = sharedMillis()
    for (let n = 0; n < inOneTick; n++) {
      updates += 1
      served.update(updates)
    }
    // Turns at the end are for the callbacks of the writes: a client that is still being written to would not get a message of
    // its own.
    for (let quietTurns = 0, before = 0; quietTurns < 3; ) {
      await turn()
      const sent = served.messagesOut()
      quietTurns = sent >= expected && sent === before ? quietTurns + 1 : 0
      before = sent
    }
  }
  return { micros: cpuMicros() - start, startedAt, messages: served.messagesOut() - sentBefore }
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
  /** CPU time of a stretch in which nothing is asked. @param {{ seconds: number }} details */
  rest: async ({ seconds }) => {
    const [start, startedAt] = [cpuMicros(), sharedMillis()]
    await sleep(seconds * 1000)
    return { microsPerSecond: ((cpuMicros() - start) / (sharedMillis() - startedAt)) * 1000 }
  },
})
