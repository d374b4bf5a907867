import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, SystemClock } from '../../../../../src/clocks/index.js'
import { IsolatedWallClockServer } from '../../../../../src/server/wall-clock/isolated/isolated-wall-clock-server.js'

/** A companion in a thread of its own: asks when it is told, and puts the receive time of the answer where others see it. */
const COMPANION = `
  const { createSocket } = require('node:dgram')
  const { workerData: { port, buffer }, parentPort } = require('node:worker_threads')
  const words = new Int32Array(buffer)
  const socket = createSocket('udp4')
  socket.on('message', (answer) => {
    words[1] = answer.readUInt32BE(16)
    Atomics.store(words, 0, 1)
    Atomics.notify(words, 0)
  })
  socket.bind(0, '127.0.0.1', () => parentPort.postMessage('bound'))
  parentPort.on('message', () => socket.send(Buffer.alloc(32), port, '127.0.0.1'))
`
/** Only a companion that gets no answer waits for so long. */
const NO_ANSWER_MILLIS = 20_000

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()))
})

describe('an isolated wall clock, while the event loop of the app stands still', () => {
  it('answers, by the clock as it was changed last', async () => {
    const root = new SystemClock()
    const clock = new CorrelatedClock(root)
    const server = new IsolatedWallClockServer(clock, { host: '127.0.0.1' })
    open.push(() => server.stop())
    await server.start()
    const buffer = new SharedArrayBuffer(8)
    const words = new Int32Array(buffer)
    const companion = new Worker(COMPANION, { eval: true, workerData: { port: server.address?.port, buffer } })
    open.push(() => companion.terminate())
    await new Promise((resolve) => companion.once('message', resolve))

    companion.postMessage('ask')
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: root.now(), childTicks: 4321e9 }), 0)
    // From here on nothing else happens in this thread until the answer is there.
    const waited = Atomics.wait(words, 0, 0, NO_ANSWER_MILLIS)
    expect(waited).not.toBe('timed-out')
    Atomics.store(words, 0, 0)
    companion.postMessage('ask again, after the change for sure')
    expect(Atomics.wait(words, 0, 0, NO_ANSWER_MILLIS)).not.toBe('timed-out')
    expect(words[1]).toBe(4321)
  })
})
