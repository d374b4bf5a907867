import { describe, expect, it } from 'vitest'
import type { CiiObservations } from '../../../src/conformance/cii-observations.js'
import type { SocketRecord } from '../../../src/conformance/recorded-socket.js'
import { judgeAll } from '../../../src/conformance/rule.js'
import { RULES } from '../../../src/conformance/rules.js'

const FIRST = {
  protocolVersion: '1.1',
  mrsUrl: 'https://mrs.example/x',
  contentId: 'dvb://233a.1004.1044',
  contentIdStatus: 'partial',
  presentationStatus: 'okay urn:x',
  wcUrl: 'udp://192.0.2.1:6677',
  tsUrl: 'ws://192.0.2.1:7681/ts',
  teUrl: 'wss://192.0.2.1/te',
  timelines: [
    {
      timelineSelector: 'urn:dvb:css:timeline:pts',
      timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000, accuracy: 0.01 },
    },
  ],
  private: [{ type: 'urn:x' }],
}
const CHANGE = { contentId: 'dvb://233a.1004.1044;1', contentIdStatus: 'final' }

function record(messages: readonly unknown[], change: Partial<SocketRecord> = {}): SocketRecord {
  const frames = messages.map((message) => ({
    ...(message instanceof Uint8Array
      ? { bytes: message }
      : { text: typeof message === 'string' ? message : JSON.stringify(message) }),
    atNanos: 1_000_000n,
  }))
  return { startedNanos: 0n, openedNanos: 0n, frames, pings: 2, pongs: 2, ...change }
}

function observed(change: Partial<CiiObservations> = {}): CiiObservations {
  return {
    url: 'ws://192.0.2.1:7681/cii',
    held: record([FIRST, CHANGE]),
    later: record([{ ...FIRST, ...CHANGE }]),
    invalidMessages: [{ name: 'text', sentAs: 'text to CSS-CII', record: record([FIRST]) }],
    ending: undefined,
    plainGet: { status: 426 },
    unknownVersion: { status: 400 },
    ...change,
  }
}

const first = (change: object) => ({
  held: record([{ ...FIRST, ...change }]),
  later: record([{ ...FIRST, ...change }]),
})
const timeline = (change: object) => first({ timelines: [{ ...FIRST.timelines[0], ...change }] })
const without = (name: keyof typeof FIRST) => Object.fromEntries(Object.entries(FIRST).filter(([key]) => key !== name))
const dropped = record([FIRST], { closed: { code: 1006, reason: '' } })
const refused = record([], { openedNanos: undefined as never, error: 'HTTP status 500' })
delete (refused as Partial<SocketRecord>).openedNanos

const BROKEN: [id: string, what: string, change: Partial<CiiObservations>][] = [
  ['cii-connects', 'a refusal', { held: refused }],
  ['cii-kept-open', 'a connection that is closed', { held: record([FIRST], { closed: { code: 1000, reason: '' } }) }],
  ['cii-ping-answered', 'no pong', { held: record([FIRST], { pongs: 1 }) }],
  ['cii-plain-get-refused', 'a status of 500', { plainGet: { status: 500 } }],
  ['cii-unknown-version-refused', 'an upgrade', { unknownVersion: { status: 101 } }],
  ['cii-survives', 'no answer any more', { ending: { after: 'x to CSS-CII', step: 'cii-rubbish' } }],
  ['cii-first-message-sent', 'silence', { held: record([]) }],
  ['cii-json-text', 'a binary frame', { held: record([new Uint8Array(3)]) }],
  ['cii-json-text', 'text that is no JSON', { held: record(['{']) }],
  ['cii-json-text', 'a list', { held: record(['[]']) }],
  ['cii-first-message-complete', 'a property that comes later', { later: record([without('tsUrl')]) }],
  ['cii-protocol-version', 'none', { held: record([without('protocolVersion')]) }],
  ['cii-protocol-version', 'a number', first({ protocolVersion: 1.1 })],
  ['cii-changes-sent', 'a change that was not told', { held: record([FIRST]) }],
  ['cii-property-names', 'letters swapped', first({ msrUrl: 'http://x' })],
  ['cii-property-names', 'another case', first({ contentID: 'urn:x' })],
  [
    'cii-client-messages-ignored',
    'a connection that breaks',
    { invalidMessages: [{ name: 'text', sentAs: 'text', record: dropped }] },
  ],
  [
    'cii-client-messages-ignored',
    'a server that hangs',
    { invalidMessages: [{ name: 'x', sentAs: 'x', record: record([], { pongs: 0 }) }] },
  ],
  ['cii-content-id-status', 'a contentId alone', { held: record([FIRST, { contentId: 'urn:x' }]) }],
  ['cii-content-id-status', 'a null beside a contentId', first({ contentIdStatus: null })],
  ['cii-content-id-status', 'another word', first({ contentIdStatus: 'Final' })],
  ['cii-content-id', 'no URI', first({ contentId: 'BBC One' })],
  ['cii-presentation-status', 'another word', first({ presentationStatus: 'ok' })],
  ['cii-presentation-status', 'two spaces', first({ presentationStatus: 'okay  urn:x' })],
  ['cii-presentation-status', 'a list', first({ presentationStatus: ['okay'] })],
  ['cii-wc-url', 'no port', first({ wcUrl: 'udp://192.0.2.1' })],
  ['cii-wc-url', 'http', first({ wcUrl: 'http://192.0.2.1:6677' })],
  ['cii-ts-url', 'http', first({ tsUrl: 'http://192.0.2.1/ts' })],
  ['cii-te-url', 'a path', first({ teUrl: '/te' })],
  ['cii-mrs-url', 'a number', first({ mrsUrl: 7 })],
  ['cii-urls-reachable', 'every address', first({ tsUrl: 'ws://0.0.0.0:7681/ts' })],
  ['cii-urls-reachable', 'the companion itself', first({ wcUrl: 'udp://127.0.0.1:6677' })],
  ['cii-timelines', 'no list', first({ timelines: {} })],
  ['cii-timelines', 'no selector', timeline({ timelineSelector: 7 })],
  ['cii-timelines', 'no properties', timeline({ timelineProperties: null })],
  ['cii-timelines', 'units of 0', timeline({ timelineProperties: { unitsPerTick: 0, unitsPerSecond: 1 } })],
  ['cii-timelines', 'units in a string', timeline({ timelineProperties: { unitsPerTick: '1', unitsPerSecond: 1 } })],
  [
    'cii-timelines',
    'an accuracy below 0',
    timeline({ timelineProperties: { unitsPerTick: 1, unitsPerSecond: 1, accuracy: -1 } }),
  ],
  ['cii-private', 'no type', first({ private: [{}] })],
  ['cii-private', 'no list', first({ private: { type: 'urn:x' } })],
]

const WARNED: [id: string, what: string, change: Partial<CiiObservations>][] = [
  ['cii-later-messages-well-formed', 'a message that changes nothing', { held: record([FIRST, {}]) }],
  ['cii-endpoints-offered', 'no wcUrl', { held: record([without('wcUrl')]), later: record([without('wcUrl')]) }],
  ['cii-timelines-distinct', 'one twice', first({ timelines: [FIRST.timelines[0], FIRST.timelines[0]] })],
  ['cii-protocol-version', 'another version', first({ protocolVersion: '2.0' })],
  ['cii-plain-get-refused', 'a page', { plainGet: { status: 200 } }],
]

function finding(id: string, change: Partial<CiiObservations>) {
  return judgeAll(RULES.cii, observed(change)).find(({ rule }) => rule === id)
}
const verdict = (id: string, change: Partial<CiiObservations>) => finding(id, change)?.verdict
const severityOf = (id: string) => RULES.cii.find((rule) => rule.id === id)?.severity

describe('the rules of CII', () => {
  it('let a television in order pass in all of them', () => {
    const broken = judgeAll(RULES.cii, observed()).filter((finding) => finding.verdict !== 'pass')
    expect(broken).toEqual([])
  })

  it('are all tried here with observations that break them', () => {
    const tried = new Set([...BROKEN, ...WARNED].map(([id]) => id))
    expect([...tried].sort()).toEqual(RULES.cii.map(({ id }) => id).sort())
  })

  it.each(BROKEN)('%s is violated by %s', (id, _what, change) => {
    const severity = severityOf(id)
    expect(finding(id, change)).toMatchObject({ verdict: severity === 'fault' ? 'fail' : 'warn', severity })
  })

  it.each(WARNED)('%s warns of %s', (id, _what, change) => {
    expect(finding(id, change)).toMatchObject({ verdict: 'warn', severity: 'advice' })
  })

  it('let a change pass that came while the second connection was being made', () => {
    const held = record([FIRST, CHANGE])
    for (const later of [record([FIRST]), record([{ ...FIRST, ...CHANGE }])]) {
      expect(verdict('cii-first-message-complete', { held, later })).toBe('pass')
      expect(verdict('cii-changes-sent', { held, later })).toBe('pass')
    }
  })

  it('let a server close a connection with a close frame after an invalid message', () => {
    const closed = record([FIRST], { closed: { code: 1008, reason: 'no' } })
    expect(
      verdict('cii-client-messages-ignored', { invalidMessages: [{ name: 'x', sentAs: 'x', record: closed }] }),
    ).toBe('pass')
  })

  it('charge a crash to the rule that the endpoint survives, and to no other', () => {
    const change = {
      invalidMessages: [
        { name: 'x', sentAs: 'x', record: record([FIRST]) },
        { name: 'y', sentAs: 'y', record: dropped },
      ],
      ending: { after: 'y', step: 'cii-rubbish' },
    } as const
    const failed = judgeAll(RULES.cii, observed(change)).filter((each) => each.verdict === 'fail')
    expect(failed.map(({ rule, expected }) => [rule, expected])).toEqual([['cii-survives', 'an answer after y']])
  })

  it('fail only for faults, unless they are strict', () => {
    const change = { plainGet: { status: 500 } }
    expect(verdict('cii-plain-get-refused', change)).toBe('warn')
    const strict = judgeAll(RULES.cii, observed(change), { isStrict: true })
    expect(strict.filter((each) => each.verdict === 'fail')).toMatchObject([
      { rule: 'cii-plain-get-refused', severity: 'advice' },
    ])
  })

  it('are skipped with the reason where their step was not tried, and left out where they were not selected', () => {
    const findings = judgeAll(RULES.cii, observed(), {
      notTried: (step) => (step === 'cii-rubbish' ? 'the television ended after x' : undefined),
      secondsOf: () => 1.5,
      isSelected: (id) => id === 'cii-client-messages-ignored',
    })
    const reason = 'not tried: the television ended after x'
    expect(findings).toMatchObject([{ rule: 'cii-client-messages-ignored', verdict: 'skipped', reason, seconds: 1.5 }])
  })
})
