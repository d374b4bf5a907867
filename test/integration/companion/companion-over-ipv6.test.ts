import { afterEach, describe, expect, it } from 'vitest'
import { ClockTimelineSource, CorrelatedClock, ciiPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { Companion } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { has } from '../../helpers/needs.js'

const hasIPv6 = has('ipv6')

const PTS = 'urn:dvb:css:timeline:pts'
const TIMELINES = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]

closeAppsAfterEach()
const companions: Companion[] = []
afterEach(() => {
  for (const companion of companions.splice(0)) companion.stop()
})

/** A television with nothing configured, that listens on IPv4 and IPv6. */
async function television(): Promise<number> {
  const app = makeApp()
  const contentId = 'dvb://1.2.3'
  await app.register(wallClockPlugin, { port: 0 })
  await app.register(ciiPlugin, { prefix: '/cii', cii: { contentId, contentIdStatus: 'final', timelines: TIMELINES } })
  await app.register(tsPlugin, { prefix: '/ts', contentId })
  const pts = new CorrelatedClock(app.wallClock, { tickRate: 90_000 })
  app.ts.attachTimelineSource(new ClockTimelineSource(PTS, app.wallClock, pts))
  await app.listen({ host: '::', port: 0 })
  const [address] = app.addresses()
  return typeof address === 'object' ? address.port : 0
}

describe.runIf(hasIPv6)('a companion of a television on IPv4 and IPv6', () => {
  it.each(['127.0.0.1', '[::1]', 'localhost', '[::ffff:127.0.0.1]', '127.0.0.2'])(
    'follows it by the address %s',
    async (host) => {
      const companion = new Companion(`ws://${host}:${await television()}/cii`)
      companions.push(companion)
      companion.start()
      if (companion.unavailable !== undefined) await companion.next('available')
      expect(companion.wallClock?.url).toMatch(/^udp:/)
      expect(companion.position()?.available).toBe(true)
    },
  )
})
