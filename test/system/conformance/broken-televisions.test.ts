import { afterAll, describe, expect, it } from 'vitest'
import { runCheck } from '../../../src/conformance/index.js'
import type { Finding } from '../../../src/conformance/rule.js'
import { BROKEN_TELEVISIONS, CORRECT_TELEVISIONS } from './broken-televisions.js'
import { SeamedTelevision, type Seams } from './seamed-television.js'

/** Televisions that are checked at the same time. */
const AT_ONCE = 12
const OBSERVED_SECONDS = 1

interface Checked {
  readonly findings: readonly Finding[]
  readonly television: SeamedTelevision
}

const televisions: SeamedTelevision[] = []
const waiting: (() => void)[] = []
let running = 0

afterAll(() => {
  for (const television of televisions) television.end()
})

/** Waits for its turn, so that the checks do not disturb each other's measurements. */
async function inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  running += 1
  try {
    return await act()
  } finally {
    running -= 1
    waiting.shift()?.()
  }
}

function check(seams: Seams): Promise<Checked> {
  return inTurn(async () => {
    const television = await SeamedTelevision.start(seams)
    televisions.push(television)
    const { endpoints } = await runCheck({ target: television.url, seconds: OBSERVED_SECONDS })
    television.end()
    return { television, findings: endpoints.flatMap(({ findings }) => findings) }
  })
}

/** At any severity. */
function violated(findings: readonly Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn').map(({ rule }) => rule)
}

// All of them are started together, and each test waits for its own.
const broken = BROKEN_TELEVISIONS.map(([fault, seams, rules]) => ({ fault, rules, checked: later(seams) }))
const correct = CORRECT_TELEVISIONS.map(([what, seams]) => ({ what, checked: later(seams) }))

/** Errors are left to the test that waits for it. */
function later(seams: Seams): Promise<Checked> {
  const checked = check(seams)
  checked.catch(() => {})
  return checked
}

describe('the check of a television that', { timeout: 90_000 }, () => {
  it.each(correct)('$what finds no violation', async ({ checked }) => {
    const { findings, television } = await checked
    expect(findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')).toEqual([])
    expect(television.peak).toBeLessThanOrEqual(2)
  })

  it.each(broken)('$fault finds $rules and no other', async ({ rules, checked }) => {
    const { findings } = await checked
    expect(violated(findings)).toEqual(rules)
  })
})

describe('the corpus of broken televisions', () => {
  it('has at least sixty, each with a name of its own', () => {
    const names = BROKEN_TELEVISIONS.map(([fault]) => fault)
    expect(names.length).toBeGreaterThanOrEqual(60)
    expect(new Set(names).size).toBe(names.length)
  })
})
