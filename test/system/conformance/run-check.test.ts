import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { type CheckReport, type CheckRequest, type Finding, runCheck } from '../../../src/conformance/index.js'
import { SeamedTelevision, type Seams } from './seamed-television.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function started(seams: Seams = {}): Promise<SeamedTelevision> {
  const television = await SeamedTelevision.start(seams)
  ends.push(() => television.end())
  return television
}

const check = ({ url }: SeamedTelevision, request: Partial<CheckRequest> = {}) =>
  runCheck({ target: url, seconds: 0.5, ...request })
const findingsOf = ({ endpoints }: CheckReport): Finding[] => endpoints.flatMap(({ findings }) => findings)
const withVerdict = (report: CheckReport, verdict: Finding['verdict']) =>
  findingsOf(report).filter((finding) => finding.verdict === verdict)

const isRubbish = (entry: string) => /^cii: |^wc: \d+ bytes/.test(entry)

describe('the order of the questions', () => {
  it('puts everything polite, on all endpoints, before the first invalid message', async () => {
    const television = await started()
    await check(television)
    const { log } = television
    const first = log.findIndex(isRubbish)
    expect(first).toBeGreaterThan(0)
    const polite = [/dvbcss-check:unknown/, /no-such-content/, /plusinfinity/]
    for (const pattern of polite) {
      expect(log.findIndex((entry) => pattern.test(entry))).toBeGreaterThan(0)
      expect(log.findLastIndex((entry) => pattern.test(entry))).toBeLessThan(first)
    }
    // Invalid datagrams come last of all.
    expect(
      log.slice(log.findIndex((entry) => /^wc: \d/.test(entry))).filter((entry) => !entry.startsWith('wc: ')),
    ).toEqual([])
  })

  it('leaves invalid messages out on request', async () => {
    const television = await started()
    const report = await check(television, { garbage: false })
    expect(television.log.filter(isRubbish)).toEqual([])
    expect(television.log.filter((entry) => /contentIdStem":7/.test(entry))).toEqual([])
    const skipped = withVerdict(report, 'skipped').map(({ rule, reason }) => [rule, reason])
    expect(skipped).toContainEqual(['ts-rubbish-after-setup', 'not tried: --no-garbage'])
    expect(withVerdict(report, 'fail')).toEqual([])
  })
})

describe('a crash', () => {
  it('is charged to the message that caused it, once, and all else is not tried', async () => {
    const television = await started({ crashesOn: ({ message }) => message === '' })
    const report = await check(television)
    expect(withVerdict(report, 'fail')).toMatchObject([
      { rule: 'cii-survives', expected: 'an answer after an empty text frame to CSS-CII' },
    ])
    const untried = withVerdict(report, 'skipped').filter(({ reason }) => /^not tried/.test(reason))
    expect(untried.map(({ rule }) => rule)).toEqual([
      'ts-survives',
      'ts-rubbish-before-setup',
      'ts-rubbish-after-setup',
      'ts-setup-after-rubbish',
      'wc-type-unanswered',
      'wc-version-unanswered',
      'wc-long-unanswered',
      'wc-short-unanswered',
      'wc-survives',
    ])
    for (const { reason } of untried) {
      expect(reason).toBe('not tried: the television ended after an empty text frame to CSS-CII')
    }
  })
})

describe('the connections of the check', () => {
  it.each([1, 2, 3])('are at most %i at once, if that is the limit', async (connections) => {
    const television = await started({ maxConnections: connections })
    const report = await check(television, { connections })
    expect(television.peak).toBe(connections)
    expect(report.connections).toEqual({ max: connections, peak: connections })
    expect(withVerdict(report, 'fail')).toEqual([])
    const reasons = withVerdict(report, 'skipped').map(({ reason }) => reason)
    expect(reasons.includes('not tried: it needs two connections at once')).toBe(connections === 1)
  })

  it('may be rejected with 503 while others are open', async () => {
    const television = await started({ maxConnections: 1 })
    const report = await check(television)
    expect(withVerdict(report, 'fail')).toEqual([])
    expect(withVerdict(report, 'skipped')).toContainEqual(
      expect.objectContaining({ rule: 'ts-changes-told', reason: expect.stringContaining('503') }),
    )
  })
})

describe('the selection of rules', () => {
  it('asks only what the selected rules need', async () => {
    const television = await started()
    const report = await check(television, { only: ['ts-unknown-selector-null', 'cii-wc-url'] })
    expect(findingsOf(report).map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ['cii-wc-url', 'pass'],
      ['ts-unknown-selector-null', 'pass'],
    ])
    expect(television.log.filter((entry) => entry.startsWith('wc') || isRubbish(entry))).toEqual([])
  })

  it('leaves out the rules that are to be skipped', async () => {
    const television = await started()
    const rules = findingsOf(await check(television, { skip: ['wc-rate'] })).map(({ rule }) => rule)
    expect(rules).not.toContain('wc-rate')
    expect(rules).toContain('wc-steady')
  })
})

describe('a television that', () => {
  it('is silent on every endpoint is waited for less than 15 s', async () => {
    const deaf = createSocket('udp4').bind(0, '127.0.0.1')
    ends.push(() => deaf.close())
    await once(deaf, 'listening')
    const silent: Seams = { cii: () => undefined, timestamp: () => undefined, answersPings: () => false }
    const television = await started(silent)
    const report = await check(television, {
      seconds: 5,
      tsUrl: television.url.replace('/cii', '/ts'),
      wcUrl: `udp://127.0.0.1:${deaf.address().port}`,
    })
    expect(report.seconds).toBeLessThan(15)
    expect(withVerdict(report, 'fail').map(({ rule }) => rule)).toEqual([
      'cii-first-message-sent',
      'ts-answers-setup',
      'wc-answers',
    ])
  })

  it('answers everything has a time for each rule, and measurements with units', async () => {
    const report = await check(await started())
    const timed = findingsOf(report).filter(({ verdict, rule }) => verdict === 'pass' && !rule.endsWith('-survives'))
    expect(timed.filter(({ seconds }) => !(seconds > 0))).toEqual([])
    const measurements = findingsOf(report).flatMap((finding) => finding.measurements ?? [])
    expect(measurements.map(({ unit }) => unit)).toEqual(expect.arrayContaining(['ppm', 's', 'ns']))
    expect(measurements.filter(({ value }) => !Number.isFinite(value))).toEqual([])
  })
})
