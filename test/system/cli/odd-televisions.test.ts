import { afterEach, describe, expect, it } from 'vitest'
import { ODD_TELEVISIONS, OddTelevision } from '../../helpers/odd-television.js'
import { JsonOutput } from './json-output.js'
import { dvbcss, endToolsAfterEach } from './tools.js'

endToolsAfterEach()

const televisions: OddTelevision[] = []
afterEach(async () => {
  await Promise.all(televisions.splice(0).map((television) => television.stop()))
})

async function television(oddity: (typeof ODD_TELEVISIONS)[number][1]): Promise<OddTelevision> {
  const started = await OddTelevision.start(oddity)
  televisions.push(started)
  return started
}

describe('dvbcss follow and a television as it is', () => {
  it.each(ODD_TELEVISIONS)(
    'shows its position within the bound, and what was accepted: %s',
    async (_name, oddity, forgiven) => {
      const tv = await television(oddity)
      const args = ['--selector', 'urn:dvb:css:timeline:pts', '--interval', '0.02', '--json']
      const program = dvbcss('follow', tv.ciiUrl, ...args)
      const output = new JsonOutput(program)
      const position = (await output.nextOf('position')) as unknown as Record<string, number>
      const { seconds = Number.NaN, wallClockNanos = Number.NaN, errorSeconds = Number.NaN } = position
      // By the companion's own wall clock the position is exact, but for the tick and the rounding of doubles.
      expect(Math.abs(seconds - tv.secondsAt(BigInt(wallClockNanos)))).toBeLessThanOrEqual(0.000_02)
      expect(seconds).toBeLessThanOrEqual(tv.secondsAt(OddTelevision.nanos()) + errorSeconds)
      if (Object.keys(forgiven).length === 0) return
      program.process.kill('SIGINT')
      const { event: _event, ...counts } = await output.nextOf('forgiven')
      const kinds = Object.entries(counts).map(
        ([source, each]) => [source, Object.keys(each as object).sort()] as const,
      )
      expect(Object.fromEntries(kinds.filter(([, names]) => names.length > 0))).toEqual(forgiven)
    },
  )

  it('tells people what was accepted, once of each kind and counted at the end', async () => {
    const [, oddity] = ODD_TELEVISIONS[1] ?? []
    const tv = await television(oddity ?? {})
    const program = dvbcss('follow', tv.ciiUrl)
    await program.printed(/CSS-CII: accepted list-for-string: presentationStatus: expected a string of words/)
    await program.printed(
      /CSS-TS: accepted number-for-string: contentTime: expected an integer in a string, received 900000/,
    )
    await program.printed(/CSS-TS: accepted inexact-number/)
    program.process.kill('SIGINT')
    await program.printed(
      /accepted deviations: CSS-CII list-for-string 1, CSS-TS number-for-string 2, CSS-TS inexact-number 1/,
    )
  })

  it('refuses it with --strict, and exits with 1', async () => {
    const [, oddity] = ODD_TELEVISIONS[1] ?? []
    const tv = await television(oddity ?? {})
    const program = dvbcss('follow', tv.ciiUrl, '--strict', '--seconds', '5')
    await program.printed(/CSS-CII: invalid message: presentationStatus: expected a string/)
    expect(await program.exited).toBe(1)
  })
})
