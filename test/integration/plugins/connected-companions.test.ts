import { afterEach, describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  ConnectedCompanions,
  CorrelatedClock,
  ciiPlugin,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { Companion } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { until } from '../../helpers/until.js'

closeAppsAfterEach()

const PTS = 'urn:dvb:css:timeline:pts'

const companions: Companion[] = []
afterEach(() => {
  for (const companion of companions.splice(0)) companion.stop()
})

async function television({ udp }: { udp: boolean }) {
  const app = makeApp()
  if (udp) await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, maxRecentClients: 10 })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1' })
  await app.register(ciiPlugin, {
    prefix: '/cii',
    cii: {
      contentId: 'dvb://1',
      contentIdStatus: 'final',
      timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }],
    },
  })
  const { wallClock } = app.wallClockWebSocket
  app.ts.attachTimelineSource(
    new ClockTimelineSource(PTS, wallClock, new CorrelatedClock(wallClock, { tickRate: 90_000 })),
  )
  const connected = new ConnectedCompanions({
    cii: app.cii,
    ts: app.ts,
    wallClockWebSocket: app.wallClockWebSocket,
    wallClockServer: udp ? app.wallClockServer : undefined,
  })
  const url = `${await listen(app)}/cii`
  const follow = async () => {
    const companion = new Companion(url)
    companions.push(companion)
    const available = companion.next('available')
    companion.start()
    await available
    return companion
  }
  return { app, connected, follow }
}

describe('companions that follow a television', () => {
  it('are listed one by one, each with its own connections, until they leave', async () => {
    const { connected, follow } = await television({ udp: false })
    const first = await follow()
    const [{ key } = {}] = connected.list()
    await follow()
    const [one, other] = connected.list()
    expect(connected.list()).toHaveLength(2)
    for (const companion of [one, other]) {
      expect(companion).toMatchObject({ remoteAddress: '127.0.0.1', isAmbiguous: true, udp: [] })
      expect(companion?.cii?.statistics.messagesOut).toBe(1)
      expect(companion?.ts?.statistics.messagesOut).toBe(1)
      expect(companion?.wallClock?.statistics.messagesOut).toBeGreaterThan(0)
    }
    expect(one?.key).toBe(key)
    first.stop()
    await until(() => connected.list().length === 1)
    expect(connected.list()).toMatchObject([{ key: other?.key, isAmbiguous: false }])
  })

  it('are listed with their requests over UDP', async () => {
    const { connected, follow } = await television({ udp: true })
    await follow()
    const [first] = connected.list()
    expect(first).toMatchObject({ wallClock: undefined, isUdpShared: false })
    expect(first?.udp).toHaveLength(1)
    await follow()
    const [, second] = connected.list()
    expect(second).toMatchObject({ wallClock: undefined, isUdpShared: false })
    expect(second?.udp).toHaveLength(1)
    expect(second?.udp[0]?.port).not.toBe(first?.udp[0]?.port)
  })
})
