import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { decodeWallClockMessage, InvalidOptionError, SystemClock, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { StartedThreads } from '../../helpers/started-threads.js'
import { UdpClient } from '../../helpers/udp-client.js'

closeAppsAfterEach()

const HOST = '127.0.0.1'

describe('the wall clock plugin with isolate', () => {
  it('answers with the time of app.wallClock from another thread, and ends it with the app', async () => {
    const threads = new StartedThreads()
    const app = makeApp()
    await app.register(wallClockPlugin, { host: HOST, port: 0, isolate: true })
    await app.ready()
    expect(threads.count).toBe(1)
    threads.close()
    const { port = 0 } = app.wallClockServer.address ?? {}
    const client = await UdpClient.open({ address: HOST, port })
    const before = app.wallClock.nanos()
    const { receiveNanos, transmitNanos } = decodeWallClockMessage(await client.request(new Uint8Array(32)))
    expect(Number(receiveNanos)).toBeGreaterThanOrEqual(before)
    expect(Number(transmitNanos)).toBeLessThanOrEqual(app.wallClock.nanos())
    expect(app.wallClockServer.statistics).toMatchObject({ requests: 1, answers: 1, restarts: 0 })
    await client.close()
    await app.close()
    expect(app.wallClockServer.address).toBeNull()
    const next = createSocket('udp4')
    next.bind(port, HOST)
    await once(next, 'listening')
    next.close()
  })

  it('starts no thread without it', async () => {
    const threads = new StartedThreads()
    const app = makeApp()
    await app.register(wallClockPlugin, { host: HOST, port: 0, isolate: false })
    await app.ready()
    threads.close()
    expect(threads.count).toBe(0)
    expect(app.wallClockServer.statistics.restarts).toBeUndefined()
  })

  it('makes ready() reject with host and port in the message when the port is taken', async () => {
    const squatter = createSocket('udp4')
    squatter.bind(0, HOST)
    await once(squatter, 'listening')
    const { port } = squatter.address()
    const app = makeApp()
    await app.register(wallClockPlugin, { host: HOST, port, isolate: true })
    await expect(app.ready()).rejects.toThrow(`UDP port ${port} on ${HOST} is already in use (EADDRINUSE)`)
    squatter.close()
  })

  it('says so in the log when the worker has died and is restarted', async () => {
    const log = new LogLines()
    const threads = new StartedThreads()
    const app = makeApp({ logger: { stream: log } })
    await app.register(wallClockPlugin, { host: HOST, port: 0, isolate: true })
    await app.ready()
    await threads.kill()
    threads.close()
    expect(await log.message('wall clock worker died, restarting')).toMatchObject({ endpoint: 'wall-clock-server' })
    await log.message('wall clock worker restarted')
    expect(app.wallClockServer.statistics).toMatchObject({ restarts: 1 })
  })

  it('refuses at registration a clock that cannot be read in another thread, and says what to do', async () => {
    const wallClock = new SystemClock({ source: () => 5e9, name: 'simulated' })
    const app = makeApp()
    const registered = app.register(wallClockPlugin, { port: 0, wallClock, isolate: true }).ready()
    await expect(registered).rejects.toThrow(InvalidOptionError)
    await expect(registered).rejects.toThrow(
      '"wallClock" must be a clock derived from a SystemClock without a custom source',
    )
  })

  it('refuses what is neither true nor false', async () => {
    const app = makeApp()
    const options = { isolate: 'yes' } as unknown as { isolate: boolean }
    await expect(app.register(wallClockPlugin, options).ready()).rejects.toThrow(
      '"isolate" must be a boolean; received',
    )
  })
})
