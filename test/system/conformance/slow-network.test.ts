import { afterAll, describe, expect, it } from 'vitest'
import { runCheck } from '../../../src/conformance/index.js'
import { SeamedTelevision } from './seamed-television.js'
import { type Network, SlowNetwork } from './slow-network.js'

const ends: (() => void)[] = []
afterAll(() => {
  for (const end of ends.splice(0)) end()
})

const portOf = (url: unknown) => Number(new URL(`${url}`.replace('udp:', 'http:')).port)

/** A correct television that is reached over this network alone, and checked. */
async function checkOver(network: Network) {
  const television = await SeamedTelevision.start()
  const slow = new SlowNetwork(network)
  ends.push(
    () => slow.close(),
    () => television.end(),
  )
  const http = await slow.tcp(portOf(television.url))
  const tsUrl = `ws://127.0.0.1:${http}/ts`
  const wcUrl = `udp://127.0.0.1:${await slow.udp(portOf(television.cii.wcUrl))}`
  Object.assign(television.cii, { tsUrl, wcUrl })
  return runCheck({ target: `ws://127.0.0.1:${http}/cii`, seconds: 4 })
}

const NETWORKS: [what: string, network: Network][] = [
  ['is slow', { delayMillis: 40, jitterMillis: 5, loss: 0, duplicates: 0 }],
  ['jitters', { delayMillis: 2, jitterMillis: 60, loss: 0, duplicates: 0 }],
  ['loses and duplicates datagrams', { delayMillis: 2, jitterMillis: 10, loss: 0.05, duplicates: 0.05 }],
]

// All of them are started together, and each test waits for its own.
const checks = NETWORKS.map(([what, network]) => {
  const checked = checkOver(network)
  checked.catch(() => {})
  return { what, checked }
})

describe('a correct television over a network that', { timeout: 90_000 }, () => {
  it.each(checks)('$what is not accused of anything', async ({ checked }) => {
    const { endpoints, isIncomplete } = await checked
    const findings = endpoints.flatMap((each) => each.findings)
    expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([])
    // What networks do to datagrams is mentioned.
    const warned = findings.filter(({ verdict }) => verdict === 'warn').map(({ rule }) => rule)
    expect(warned.filter((rule) => rule !== 'wc-answers' && rule !== 'wc-one-answer')).toEqual([])
    expect(isIncomplete).toBe(false)
  })
})
