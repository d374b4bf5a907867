import { describe, expect, it } from 'vitest'
import { SystemClock, type WallClockPluginOptions, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { expectInStep, stopPeersAfterEach, toleranceSeconds, until, wallClockPeer } from './peers.js'

closeAppsAfterEach()
stopPeersAfterEach()

async function served(options: WallClockPluginOptions = {}) {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, ...options })
  await app.ready()
  const { address } = app.wallClockServer
  if (address === null) throw new Error('expected the wall clock server to be bound')
  return { app, peer: await wallClockPeer(address) }
}

describe("the wall clock client of dvbcss-protocols synchronises to the app's wall clock", () => {
  it.each([
    ['by responses', false],
    ['by responses with follow-ups', true],
  ])('%s', async (_name, followUp) => {
    const { app, peer } = await served({ followUp })
    expect(peer.isAvailable()).toBe(false)
    let measurement = peer.correlation
    // It takes a later measurement as soon as that is surer than the earlier one, whose error bound grows.
    for (let taken = 0; taken < 2; taken++) {
      await until(peer, () => peer.isAvailable() && peer.correlation !== measurement)
      measurement = peer.correlation
      expectInStep(
        () => peer.getNanos(),
        () => app.wallClock.nanos(),
        () => toleranceSeconds(peer) * 1e9,
      )
    }
  })

  it('and adds the error that the server states to its own', async () => {
    const { peer } = await served({ precisionSeconds: 2 ** -3, maxFreqErrorPpm: 450 })
    await until(peer, () => peer.isAvailable())
    // Its own clock is off by 50 ppm at most, it thinks.
    expect(peer.correlation.errorGrowthRate).toBeCloseTo(500e-6, 9)
    // Less than a whole eighth of a second when the round trip took no time in its milliseconds.
    expect(peer.correlation.initialError).toBeGreaterThan(2 ** -3 - 0.001)
  })

  it('wherever that clock begins', async () => {
    const start = process.hrtime.bigint()
    // Near the end of the 32 bits that the wire has for seconds.
    const source = () => 4_000_000_000e9 + Number(process.hrtime.bigint() - start)
    const { app, peer } = await served({ wallClock: new SystemClock({ source, precisionSeconds: 1e-6 }) })
    await until(peer, () => peer.isAvailable())
    expectInStep(
      () => peer.getNanos(),
      () => app.wallClock.nanos(),
      () => toleranceSeconds(peer) * 1e9,
    )
  })
})
