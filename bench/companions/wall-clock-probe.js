// @ts-check
// Sends requests to a wall clock server over UDP.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerQuestions, sharedMillis, startOptions } from '../answering.js'

/** How long to wait for late answers at the end. */
const LAST_WAIT_MILLIS = 2000
const FLOOD_TIMEOUT_MILLIS = 30_000
const REQUEST_BYTES = 32
/** Where a request has the client's own time, which the answer repeats. */
const ORIGINATE_AT = 8

/** @type {{ port: number }} */
const { port } = startOptions()

/** A request as companions send it. @param {number} number */
function requestOf(number) {
  const request = Buffer.alloc(REQUEST_BYTES)
  request.writeUInt32BE(number, ORIGINATE_AT)
  return request
}

const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')

/** @type {Map<number, number>} when each request was sent */
const waiting = new Map()
/** @type {number[]} */
let roundTrips = []
let sent = 0
let answered = 0
let onAnswer = () => {}
socket.on('message', (answer) => {
  answered += 1
  const number = answer.readUInt32BE(ORIGINATE_AT)
  const sentAt = waiting.get(number)
  if (sentAt !== undefined) roundTrips.push(sharedMillis() - sentAt)
  waiting.delete(number)
  onAnswer()
})

answerQuestions({
  /**
   * Requests at fixed times, whether or not the answers before have come: a client that waited for them would ask least when the
   * server is slowest. Gives round trips in milliseconds. @param {{ seconds: number, everyMillis: number }} details
   */
  probe: async ({ seconds, everyMillis }) => {
    roundTrips = []
    waiting.clear()
    const end = sharedMillis() + seconds * 1000
    const asking = setInterval(() => {
      sent += 1
      waiting.set(sent, sharedMillis())
      socket.send(requestOf(sent), port, '127.0.0.1')
    }, everyMillis)
    await sleep(end - sharedMillis())
    clearInterval(asking)
    for (let waited = 0; waited < LAST_WAIT_MILLIS && waiting.size > 0; waited += 50) await sleep(50)
    return { roundTrips, unanswered: waiting.size }
  },

  /**
   * As many requests as fast as they are answered, some at a time: enough to keep the server busy, too few for a socket buffer to
   * overflow. @param {{ requests: number, atOnce: number }} details
   */
  flood: ({ requests, atOnce }) => {
    const request = requestOf(0)
    const last = answered + requests
    let left = requests
    const send = () => {
      left -= 1
      socket.send(request, port, '127.0.0.1')
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${last - answered} answers are missing`)), FLOOD_TIMEOUT_MILLIS)
      onAnswer = () => {
        if (left > 0) return send()
        if (answered < last) return
        onAnswer = () => {}
        clearTimeout(timer)
        resolve({})
      }
      for (let i = 0; i < atOnce; i++) send()
    })
  },
})
