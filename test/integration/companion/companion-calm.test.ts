import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { wallClockPlugin } from '../../../plugins/index.js'
import type { CompanionOptions } from '../../../src/companion/index.js'
import { Companion } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { ScriptedServer } from '../../helpers/scripted-server.js'
import { until } from '../../helpers/until.js'

const PTS = 'urn:dvb:css:timeline:pts'
const TIMELINES = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]
const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

closeAppsAfterEach()
const companions: Companion[] = []
const servers: ScriptedServer[] = []
const closing: (() => void)[] = []
afterEach(async () => {
  for (const companion of companions.splice(0)) companion.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const close of closing.splice(0)) close()
})

async function scripted() {
  const server = await ScriptedServer.start()
  servers.push(server)
  return server
}

async function wallClockUrl() {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  await app.ready()
  return `udp://127.0.0.1:${app.wallClockServer.address?.port}`
}

async function follower(options: CompanionOptions = {}) {
  const server = await scripted()
  const companion = new Companion(`ws://127.0.0.1:${server.port}/cii`, { cii: QUICK, ts: QUICK, ...options })
  companions.push(companion)
  companion.start()
  const cii = await server.connection()
  const says = (state: object) => cii.send(JSON.stringify({ protocolVersion: '1.1', timelines: TIMELINES, ...state }))
  return { companion, cii, says }
}

const timestamp = (contentTime: bigint | number, speed = 0) =>
  `{"contentTime":"${contentTime}","wallClockTime":"0","timelineSpeedMultiplier":${speed}}`

async function available(companion: Companion) {
  if (companion.unavailable !== undefined) await companion.next('available')
}

/** A companion that follows a scripted CSS-TS server, which stands still at `contentTime`. */
async function followingTs(options: CompanionOptions = {}, contentTime: bigint | number = 90_000) {
  const [tsServer, wcUrl] = [await scripted(), await wallClockUrl()]
  const { companion, says, cii } = await follower(options)
  const state = { wcUrl, tsUrl: tsServer.url, contentId: 'dvb://1.2.3', contentIdStatus: 'final' }
  says(state)
  const ts = await tsServer.connection()
  ts.send(timestamp(contentTime))
  await available(companion)
  return { companion, says, cii, tsServer, ts, state }
}

describe('a television whose CII keeps naming other servers', () => {
  it('makes a companion move a few times, then wait, report that, and follow the last server', async () => {
    const victim = await scripted()
    const { companion, cii, says } = await follower()
    const errors: string[] = []
    companion.on('protocolError', ({ reason }) => errors.push(reason))
    let changes = 0
    companion.on('change', () => {
      changes += 1
    })
    const wcUrl = await wallClockUrl()
    for (let move = 0; move < 300; move += 1) says({ wcUrl, tsUrl: `${victim.url}${move}` })
    await until(() => changes === 300)
    await until(() => victim.handshakes.some(({ url }) => url === '/299'))
    // More than one wait only where a busy machine takes seconds over the messages.
    expect(victim.handshakes.length).toBeLessThanOrEqual(8)
    expect([...new Set(errors)]).toEqual(['moves-too-often'])
    expect(errors.length).toBeLessThanOrEqual(5)
    expect(companion.ts?.url).toBe(`${victim.url}299`)
    cii.close()
  })

  it('causes no more moves with other wall clocks or other tick rates', async () => {
    const victim = await scripted()
    const { companion, says } = await follower()
    const opened = new Set<unknown>()
    let changes = 0
    companion.on('change', () => {
      changes += 1
      opened.add(companion.wallClock)
      opened.add(companion.ts)
    })
    for (let move = 0; move < 200; move += 1) {
      const timelineProperties = { unitsPerTick: 1, unitsPerSecond: 1000 + move }
      const wcUrl = move % 2 === 0 ? `udp://127.0.0.${(move % 200) + 1}:9` : null
      says({ wcUrl, tsUrl: victim.url, timelines: [{ timelineSelector: 'urn:x', timelineProperties }] })
    }
    await until(() => changes === 200)
    expect(opened.size).toBeLessThan(12)
    expect(victim.handshakes.length).toBeLessThan(6)
  })
})

describe('a television that keeps naming another server and revoking it', () => {
  it('causes one report per wait', async () => {
    const victim = await scripted()
    const { companion, says } = await follower()
    let [reports, changes] = [0, 0]
    companion.on('protocolError', () => {
      reports += 1
    })
    companion.on('change', () => {
      changes += 1
    })
    const wcUrl = await wallClockUrl()
    for (let move = 0; move < 300; move += 1) {
      says({ wcUrl: move % 2 === 0 ? wcUrl : null, tsUrl: victim.url })
    }
    await until(() => changes === 300)
    expect(reports).toBeGreaterThanOrEqual(1)
    expect(reports).toBeLessThanOrEqual(5)
  })
})

describe('a television whose wall clock keeps stepping', () => {
  it('makes a companion request its timeline a few times, and then less often', async () => {
    let answers = 0
    const wallClock = createSocket('udp4')
    closing.push(() => wallClock.close())
    wallClock.on('message', (message, { port, address }) => {
      const nanos = Number(process.hrtime.bigint()) + Math.floor(answers++ / 3) * 1e10
      message[1] = 1
      message[2] = 0xec
      message.writeUInt32BE(0x500, 4)
      for (const at of [16, 24]) {
        message.writeUInt32BE(Math.floor(nanos / 1e9), at)
        message.writeUInt32BE(nanos % 1e9, at + 4)
      }
      wallClock.send(message, port, address)
    })
    wallClock.bind(0, '127.0.0.1')
    await once(wallClock, 'listening')
    const tsServer = await scripted()
    const { companion, says } = await follower({ wallClock: { requestIntervalSeconds: 0.1 } })
    const postponed = new Promise<string>((resolve) => {
      companion.on('protocolError', ({ reason, source }) => reason === 'moves-too-often' && resolve(source))
    })
    says({ wcUrl: `udp://127.0.0.1:${wallClock.address().port}`, tsUrl: tsServer.url })
    expect(await postponed).toBe('wc')
    expect(companion.unavailable).toMatchObject({
      reason: 'ts',
      detail: 'the wall clock of the television steps too often',
    })
    expect(tsServer.handshakes.length).toBeLessThanOrEqual(8)
    // It asks again all the same.
    const handshakes = tsServer.handshakes.length
    await until(() => tsServer.handshakes.length > handshakes)
  })
})

describe('the hosts that a companion connects to', () => {
  it('are limited to that of CII with same-host, and the reason is reported', async () => {
    const { companion, says } = await follower({ allowedHosts: 'same-host' })
    const errors: string[] = []
    companion.on('protocolError', ({ reason, detail }) => errors.push(`${reason}: ${detail}`))
    const change = companion.next('change')
    says({ wcUrl: 'udp://127.0.0.2:9', tsUrl: 'ws://127.0.0.2:9/ts' })
    await change
    expect(companion.unavailable).toEqual({
      reason: 'no-wall-clock',
      detail: expect.stringMatching(
        /^wcUrl must be a host that allowedHosts permits \(same-host: 127\.0\.0\.1\); received "udp/,
      ),
    })
    expect(errors).toEqual([
      expect.stringMatching(/^refused-host: wcUrl/),
      expect.stringMatching(/^refused-host: tsUrl/),
    ])
    expect([companion.wallClock, companion.ts]).toEqual([undefined, undefined])
  })

  it('include the IP address that CII came from if its URL has a host name', async () => {
    const server = await scripted()
    const companion = new Companion(`ws://localhost:${server.port}/cii`, { allowedHosts: 'same-host', cii: QUICK })
    companions.push(companion)
    companion.start()
    const cii = await server.connection()
    const change = companion.next('change')
    cii.send(JSON.stringify({ wcUrl: 'udp://127.0.0.1:9', tsUrl: 'ws://127.0.0.1:9/ts', timelines: TIMELINES }))
    await change
    expect(companion.wallClock?.url).toBe('udp://127.0.0.1:9')
  })

  it('are by default limited to that of CII if a token is sent, and unlimited otherwise', async () => {
    const withToken = await follower({ ts: { ...QUICK, headers: { authorization: 'Bearer x' } } })
    const without = await follower()
    for (const { companion, says } of [withToken, without]) {
      const change = companion.next('change')
      says({ wcUrl: 'udp://127.0.0.2:9' })
      await change
    }
    expect(withToken.companion.wallClock).toBeUndefined()
    expect(without.companion.wallClock?.url).toBe('udp://127.0.0.2:9')
  })

  it('reject any other value of the option', () => {
    expect(() => new Companion('ws://x/', { allowedHosts: 'same' as 'any' })).toThrow(/^"allowedHosts" must be /)
  })
})

describe('a companion whose television closes all connections', () => {
  it.each([1, 60])(
    'keeps its position at a request interval of %d s, with a bound that grows, until it is connected again',
    async (interval) => {
      const { companion, cii, ts, tsServer } = await followingTs({
        ts: { backoff: { initialSeconds: 0.2 } },
        wallClock: { requestIntervalSeconds: interval },
      })
      const lost: string[] = []
      companion.on('unavailable', ({ reason }) => lost.push(reason))
      const before = companion.position()?.errorSeconds ?? 0
      const gone = Promise.all([ts, cii].map((socket: WebSocket) => once(socket, 'close')))
      const disconnected = companion.ts?.next('disconnected')
      for (const socket of [ts, cii]) socket.close(1001)
      await gone
      await disconnected
      expect(companion.position()).toMatchObject({ available: true, seconds: 1 })
      await until(() => (companion.position()?.errorSeconds ?? 0) > before)
      expect(lost).toEqual([])
      const back = await tsServer.connection()
      // Asked for once the wall clock has been confirmed.
      await once(back, 'message')
      back.send(timestamp(90_000))
      await until(() => companion.unavailable === undefined && companion.position()?.errorSeconds === before)
      expect(lost).toEqual([])
    },
  )
})

describe('PTS of a companion', () => {
  it('keep rising when the television moves CSS-TS, and restart with other content', async () => {
    const RANGE = 2n ** 33n
    const { companion, says, ts, state } = await followingTs({}, RANGE - 90_000n)
    const timing = companion.next('timing')
    ts.send(timestamp(90_000))
    await timing
    const wrapped = (Number(RANGE) + 90_000) / 90_000
    expect(companion.position()?.seconds).toBe(wrapped)
    const other = await scripted()
    says({ ...state, tsUrl: other.url })
    const moved = await other.connection()
    moved.send(timestamp(180_000))
    await available(companion)
    await until(() => companion.position()?.seconds === wrapped + 1)
    const change = companion.next('change')
    says({ ...state, tsUrl: other.url, contentId: 'dvb://9.9.9' })
    await change
    moved.send(timestamp(90_000 * 5000))
    await until(() => companion.position()?.seconds === 5000)
  })
})
