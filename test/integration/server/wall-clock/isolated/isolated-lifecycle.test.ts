import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { CorrelatedClock, SystemClock } from '../../../../../src/clocks/index.js'
import { IsolatedWallClockServer } from '../../../../../src/server/wall-clock/isolated/isolated-wall-clock-server.js'
import { UdpRequestServer } from '../../../../../src/server/wall-clock/udp-request-server.js'
import { LogLines } from '../../../../helpers/log-lines.js'
import { Program } from '../../../../helpers/program.js'
import { StartedThreads } from '../../../../helpers/started-threads.js'
import { UdpClient } from '../../../../helpers/udp-client.js'
import { until } from '../../../../helpers/until.js'

const HOST = '127.0.0.1'
/** What is left over of one start would be there ten times. */
const STARTS = 10
const REQUEST = new Uint8Array(32)

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

function makeServer(port = 0, log = new LogLines(), clock = new CorrelatedClock(new SystemClock())) {
  const server = new IsolatedWallClockServer(clock, { host: HOST, port, logger: pino(log) })
  open.push({ close: () => server.stop() })
  return server
}

function watchThreads(): StartedThreads {
  const threads = new StartedThreads()
  open.push(threads)
  return threads
}

async function answers(server: IsolatedWallClockServer): Promise<boolean> {
  const client = await UdpClient.open({ address: HOST, port: server.address?.port ?? 0 })
  open.push(client)
  return (await client.request(REQUEST))[1] === 1
}

/** A UDP server that is not isolated, on a port or a free one. */
async function hold(port = 0): Promise<UdpRequestServer> {
  const holder = new UdpRequestServer({ handle: (message) => message }, { host: HOST, port })
  open.push({ close: () => holder.stop() })
  await holder.start()
  return holder
}

/** Kills the worker and takes its port; again, should the next worker have been quicker. */
async function takePort(threads: StartedThreads, port: number): Promise<UdpRequestServer> {
  for (let tries = 0; tries < 20; tries++) {
    await threads.kill()
    const holder = await hold(port).catch(() => undefined)
    if (holder !== undefined) return holder
  }
  throw new Error(`port ${port} was never free`)
}

describe('starting and stopping an isolated wall clock', () => {
  it('has an address only while it runs, and takes the same port again', async () => {
    const server = makeServer()
    expect(server.address).toBeNull()
    await server.start()
    const { address } = server
    expect(address).toEqual({ address: HOST, port: expect.any(Number), family: 'IPv4' })
    await server.stop()
    expect(server.address).toBeNull()
    const again = makeServer(address?.port)
    await again.start()
    expect(again.address).toEqual(address)
  })

  it('may be started and stopped many times, with nothing left over', async () => {
    const clock = new CorrelatedClock(new SystemClock())
    const server = makeServer(0, new LogLines(), clock)
    const threads = watchThreads()
    const resources = (): string[] => process.getActiveResourcesInfo().filter((name) => /port|worker|udp/i.test(name))
    const before = resources()
    for (let i = 0; i < STARTS; i++) {
      await server.start()
      await server.stop()
    }
    expect(threads.count).toBe(STARTS)
    expect(clock.listenerCount).toBe(0)
    await until(() => resources().length <= before.length)
    expect(resources()).toEqual(before)
  })

  it('does starts and stops in the order in which they were asked for, and binds once', async () => {
    const server = makeServer()
    const threads = watchThreads()
    await Promise.all([server.stop(), server.start(), server.start(), server.stop(), server.start()])
    expect(threads.count).toBe(2)
    expect(await answers(server)).toBe(true)
    await Promise.all([server.stop(), server.stop()])
    expect(server.address).toBeNull()
  })

  it('keeps its counters over a restart', async () => {
    const server = makeServer()
    await server.start()
    await answers(server)
    await server.stop()
    expect(server.statistics).toMatchObject({ requests: 1, answers: 1 })
    await server.start()
    await answers(server)
    expect(server.statistics).toMatchObject({ requests: 2, answers: 2, restarts: 0 })
  })

  it('rejects on a port that is taken as a server without isolation does, and starts once it is free', async () => {
    const holder = await hold()
    const port = holder.address?.port ?? 0
    const threads = watchThreads()
    const server = makeServer(port)
    await expect(server.start()).rejects.toMatchObject({
      message: `UDP port ${port} on 127.0.0.1 is already in use (EADDRINUSE): stop the process that uses it, or choose another port (0 picks a free one)`,
      code: 'DVBCSS_ERR_BIND',
    })
    expect(server.address).toBeNull()
    await holder.stop()
    await server.start()
    expect(threads.count).toBe(2)
    expect(await answers(server)).toBe(true)
  })

  it('keeps the process alive while it runs, and no longer', async () => {
    const program = new Program('--input-type=module', [
      '-e',
      `import { IsolatedWallClockServer, SystemClock } from 'fastify-dvbcss'
       const server = new IsolatedWallClockServer(new SystemClock(), { host: '127.0.0.1' })
       await server.start()
       setTimeout(() => server.stop().then(() => console.log('stopped')), 100).unref()`,
    ])
    await program.printed(/stopped/)
    expect(await program.exited).toBe(0)
  })
})

describe('a worker that dies', () => {
  it('is replaced on the same port, said so and counted, and the counters go on', async () => {
    const log = new LogLines()
    const threads = watchThreads()
    const server = makeServer(0, log)
    await server.start()
    const { address } = server
    await answers(server)
    await threads.kill()
    const line = await log.message('wall clock worker died, restarting')
    expect(line).toMatchObject({ level: 50, err: { message: 'the worker ended with code 1' } })
    await log.message('wall clock worker restarted')
    expect(server.address).toEqual(address)
    expect(await answers(server)).toBe(true)
    expect(server.statistics).toMatchObject({ requests: 2, answers: 2, restarts: 1 })
  })

  it('is replaced each time', async () => {
    const log = new LogLines()
    const threads = watchThreads()
    const server = makeServer(0, log)
    await server.start()
    for (let deaths = 1; deaths <= 3; deaths++) {
      await threads.kill()
      await log.line(({ restarts }) => restarts === deaths)
    }
    expect(await answers(server)).toBe(true)
    const waits = log.lines.map(({ restartMillis }) => restartMillis).filter((millis) => millis !== undefined)
    expect(waits).toEqual([10, 20, 40])
  })

  it('is replaced when its port is free again, if somebody has taken it meanwhile', async () => {
    const log = new LogLines()
    const threads = watchThreads()
    const server = makeServer(0, log)
    await server.start()
    const holder = await takePort(threads, server.address?.port ?? 0)
    await log.message('wall clock worker could not be restarted, trying again')
    await holder.stop()
    await log.message('wall clock worker restarted')
    expect(await answers(server)).toBe(true)
  })

  it('is not replaced when the server is stopped', async () => {
    const threads = watchThreads()
    const server = makeServer()
    await server.start()
    const port = server.address?.port
    const killed = threads.kill()
    const stopped = server.stop()
    await Promise.all([killed, stopped])
    expect(server.address).toBeNull()
    expect(threads.count).toBe(1)
    await hold(port)
  })

  it('is not replaced when the server is stopped while that is under way', async () => {
    const log = new LogLines()
    const threads = watchThreads()
    const server = makeServer(0, log)
    await server.start()
    const port = server.address?.port
    await threads.kill()
    await until(() => threads.count === 2)
    await server.stop()
    expect(server.address).toBeNull()
    await hold(port)
  })
})
