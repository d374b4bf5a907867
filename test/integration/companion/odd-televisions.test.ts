import { afterEach, describe, expect, it } from 'vitest'
import { Companion } from '../../../src/companion/node/index.js'
import { ODD_TELEVISIONS, type Oddity, OddTelevision } from '../../helpers/odd-television.js'

const PTS = 'urn:dvb:css:timeline:pts'
const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

const companions: Companion[] = []
const televisions: OddTelevision[] = []
afterEach(async () => {
  for (const companion of companions.splice(0)) companion.stop()
  await Promise.all(televisions.splice(0).map((television) => television.stop()))
})

async function following(oddity: Oddity, strict = false) {
  const television = await OddTelevision.start(oddity)
  televisions.push(television)
  const companion = new Companion(television.ciiUrl, {
    timelineSelector: PTS,
    strict,
    cii: QUICK,
    ts: QUICK,
  })
  companions.push(companion)
  const errors: { source: string; reason: string; forgiven?: true }[] = []
  companion.on('protocolError', (error) => errors.push(error))
  companion.start()
  return { television, companion, errors }
}

/** The kinds of each protocol that has any, in order. */
function kindsOf(forgiven: Record<string, object>): Record<string, string[]> {
  const kinds = Object.entries(forgiven).map(([source, counts]) => [source, Object.keys(counts).sort()] as const)
  return Object.fromEntries(kinds.filter(([, names]) => names.length > 0))
}

describe('a television that deviates from the specification', () => {
  it.each(ODD_TELEVISIONS)(
    'is followed within the bound, and what it deviates by is reported: %s',
    async (_name, oddity, forgiven) => {
      const { television, companion, errors } = await following(oddity)
      await companion.next('available')
      for (let answers = 0; answers < 10; answers++) {
        const before = television.secondsAt(OddTelevision.nanos())
        const position = companion.position()
        const after = television.secondsAt(OddTelevision.nanos())
        if (position === undefined) throw new Error('expected a position')
        expect(position.seconds).toBeGreaterThanOrEqual(before - position.errorSeconds)
        expect(position.seconds).toBeLessThanOrEqual(after + position.errorSeconds)
        expect(position.errorSeconds).toBeLessThan(2)
        await companion.wallClock?.next('candidate')
      }
      expect(kindsOf(companion.forgiven)).toEqual(forgiven)
      expect(errors.every((error) => error.forgiven === true)).toBe(true)
      for (const [source, kinds] of Object.entries(forgiven)) {
        expect(
          [...new Set(errors.filter((error) => error.source === source).map(({ reason }) => reason))].sort(),
        ).toEqual(kinds)
      }
    },
  )

  it('is rejected by a strict companion', async () => {
    const { companion, errors } = await following(
      { cii: (valid) => [JSON.stringify({ ...valid, presentationStatus: ['okay'] })] },
      true,
    )
    const error = await companion.next('protocolError')
    expect(error).toMatchObject({ source: 'cii', reason: 'wrong-type' })
    expect(errors.some(({ forgiven }) => forgiven)).toBe(false)
    expect(companion.unavailable?.reason).toBe('cii')
    expect(companion.forgiven).toEqual({ cii: {}, wc: {}, ts: {} })
  })

  it('gives no position if its times are not numbers, and the reason is reported', async () => {
    const { companion } = await following({
      ts: () => '{"contentTime":"soon","wallClockTime":"0","timelineSpeedMultiplier":1}',
    })
    while (companion.unavailable?.reason !== 'timeline' || !companion.unavailable.detail.includes('soon')) {
      await companion.next('unavailable')
    }
    expect(companion.unavailable.detail).toContain('contentTime: expected an integer in a string, received "soon"')
  })
})
