import { describe, expect, it } from 'vitest'
import type { SocketRecord } from '../../../src/conformance/recorded-socket.js'
import { judgeAll } from '../../../src/conformance/rule.js'
import { RULES } from '../../../src/conformance/rules.js'
import type { SetUpConnection, TsObservations } from '../../../src/conformance/ts-observations.js'

const OFFSET = 7_000_000_000_000n

/** Where the timeline is so many seconds after the beginning, as the television tells it. */
function position(seconds: number, change: object = {}): object {
  return {
    contentTime: `${900_000 + seconds * 90_000}`,
    wallClockTime: `${OFFSET + BigInt(seconds * 1e9)}`,
    timelineSpeedMultiplier: 1,
    ...change,
  }
}
const NULLS = { contentTime: null, timelineSpeedMultiplier: null }

function connection(
  seconds: number,
  messages: readonly unknown[],
  change: Partial<SocketRecord> = {},
): SetUpConnection {
  const atNanos = BigInt(seconds * 1e9) + 1_000_000n
  const frames = messages.map((message) => {
    if (message instanceof Uint8Array) return { bytes: message, atNanos }
    return { text: typeof message === 'string' ? message : JSON.stringify(message), atNanos }
  })
  return {
    framesBefore: 0,
    setUpNanos: BigInt(seconds * 1e9),
    record: { startedNanos: 0n, openedNanos: 0n, frames, pings: 1, pongs: 1, ...change },
  }
}

function observed(change: Partial<TsObservations> = {}): TsObservations {
  const first = change.first ?? connection(0, [position(0)])
  const ok = { name: 'text', sentAs: 'text to CSS-TS', record: connection(0, [position(0)]).record, answered: true }
  return {
    url: 'ws://192.0.2.1/ts',
    selector: 'urn:dvb:css:timeline:pts',
    stem: '',
    listed: true,
    tickRate: 90_000,
    accuracySeconds: undefined,
    wallClockOffsetNanos: OFFSET,
    held: first.record,
    first,
    last: connection(5, [position(5)]),
    confirming: undefined,
    partialStem: connection(5, [position(5)]),
    withoutStem: connection(5, [position(5)]),
    unknownSelector: connection(0, [position(0, NULLS)]),
    wrongStem: connection(0, [position(0, NULLS)]),
    presenting: connection(5, [position(5)]),
    invalidMessages: [
      { ...ok, when: 'before' },
      { ...ok, when: 'after' },
    ],
    ending: undefined,
    plainGet: { status: 426 },
    unknownVersion: { status: 400 },
    ...change,
  }
}

const DROPPED = { closed: { code: 1006, reason: '' } }
const told = (change: object) => ({ first: connection(0, [position(0, change)]) })
const without = (name: string) => {
  const message = Object.fromEntries(Object.entries(position(0)).filter(([key]) => key !== name))
  return { first: connection(0, [message]) }
}
const refused: SocketRecord = { startedNanos: 0n, frames: [], pings: 0, pongs: 0, error: 'HTTP status 503' }
const invalidMessage = (when: 'before' | 'after', record: Partial<SocketRecord>, answered = true) => {
  return {
    invalidMessages: [
      { name: 'text', sentAs: 'text', when, answered, record: { ...connection(0, []).record, ...record } },
    ],
  }
}
/** All that the television says, with its wall clock counting from elsewhere or in other units. */
const restamped = (of: (nanos: bigint) => bigint) => {
  const at = (seconds: number, change: object = {}) => {
    const wallClockTime = `${of(OFFSET + BigInt(seconds * 1e9))}`
    return connection(seconds, [position(seconds, { wallClockTime, ...change })])
  }
  const right = { first: at(0), last: at(5), presenting: at(5), partialStem: at(5), withoutStem: at(5) }
  return { ...right, unknownSelector: at(0, NULLS), wrongStem: at(0, NULLS) }
}

const BROKEN: [id: string, what: string, change: Partial<TsObservations>][] = [
  ['ts-connects', 'a refusal', { held: refused, first: { record: refused, framesBefore: 0, setUpNanos: 0n } }],
  ['ts-kept-open', 'a close', { first: connection(0, [position(0)], { closed: { code: 1000, reason: '' } }) }],
  ['ts-survives', 'no answer any more', { ending: { after: 'text to CSS-TS', step: 'ts-rubbish-after-setup' } }],
  ['ts-ping-answered', 'no pong', { first: connection(0, [position(0)], { pongs: 0 }) }],
  ['ts-plain-get-refused', 'a status of 500', { plainGet: { status: 500 } }],
  ['ts-unknown-version-refused', 'an upgrade', { unknownVersion: { status: 101 } }],
  ['ts-missing-stem-accepted', 'nulls', { withoutStem: connection(5, [position(5, NULLS)]) }],
  ['ts-missing-stem-accepted', 'a close', { withoutStem: connection(5, [], DROPPED) }],
  ['ts-silent-before-setup', 'a message', { first: { ...connection(0, [position(0)]), framesBefore: 1 } }],
  ['ts-answers-setup', 'silence', { first: connection(0, []) }],
  ['ts-answers-setup', 'silence to a second companion', { last: connection(5, []) }],
  ['ts-changes-told', 'an untold jump', { last: connection(5, [position(5, { contentTime: '9000000' })]) }],
  ['ts-changes-told', 'an untold pause', { last: connection(5, [position(5, { timelineSpeedMultiplier: 0 })]) }],
  [
    'ts-changes-told',
    'a timeline that is gone for a new companion alone',
    { last: connection(5, [position(5, NULLS)]) },
  ],
  ['ts-changes-told', 'a timeline that is there for a new companion alone', told(NULLS)],
  ['ts-partial-stem-matches', 'nulls', { partialStem: connection(5, [position(5, NULLS)]) }],
  ['ts-unknown-selector-null', 'a position', { unknownSelector: connection(0, [position(0)]) }],
  ['ts-unknown-selector-null', 'silence', { unknownSelector: connection(0, []) }],
  ['ts-unknown-selector-kept-open', 'a close', { unknownSelector: connection(0, [], DROPPED) }],
  ['ts-wrong-stem-null', 'a position', { wrongStem: connection(0, [position(0)]) }],
  ['ts-wrong-stem-kept-open', 'a close', { wrongStem: connection(0, [position(0, NULLS)], DROPPED) }],
  ['ts-presentation-timestamps-taken', 'a close', { presenting: connection(0, [position(0)], DROPPED) }],
  ['ts-presentation-timestamps-taken', 'a hang', { presenting: connection(0, [position(0)], { pongs: 0 }) }],
  ['ts-rubbish-before-setup', 'a connection that breaks', invalidMessage('before', DROPPED)],
  ['ts-rubbish-after-setup', 'a connection that breaks', invalidMessage('after', DROPPED)],
  ['ts-json-text', 'a binary frame', { first: connection(0, [new Uint8Array(2)]) }],
  ['ts-json-text', 'text that is not JSON', { first: connection(0, ['{"contentTime":"1",']) }],
  ['ts-properties', 'no wallClockTime', without('wallClockTime')],
  ['ts-properties', 'no timelineSpeedMultiplier', without('timelineSpeedMultiplier')],
  ['ts-integers-in-strings', 'a number', told({ contentTime: 900_000 })],
  ['ts-integers-in-strings', 'a fraction', told({ contentTime: '900000.5' })],
  ['ts-integers-in-strings', 'a leading zero', told({ wallClockTime: '0900000' })],
  ['ts-integers-in-strings', 'a null wallClockTime', told({ wallClockTime: null })],
  ['ts-speed-finite', 'infinity', { first: connection(0, [JSON.stringify(position(0)).replace(':1}', ':1e999}')]) }],
  ['ts-speed-finite', 'a string', told({ timelineSpeedMultiplier: '1' })],
  ['ts-null-together', 'only one null', told({ contentTime: null })],
  ['ts-wall-clock-time-near', 'the future', told({ wallClockTime: `${OFFSET + 60_000_000_000n}` })],
  ['ts-wall-clock-time-near', 'another epoch', restamped((nanos) => nanos - 50n * 365n * 86_400n * 1_000_000_000n)],
  ['ts-wall-clock-time-near', 'microseconds', restamped((nanos) => nanos / 1000n)],
  ['ts-wall-clock-time-near', 'milliseconds', restamped((nanos) => nanos / 1_000_000n)],
  [
    'ts-drift',
    'a timeline that is one per cent slow',
    {
      last: connection(5, [position(5, { contentTime: '1345500' })]),
      confirming: connection(6, [position(6, { contentTime: '1434600' })]),
    },
  ],
  [
    'ts-drift',
    'a tick rate that is not the advertised one',
    { tickRate: 1000, confirming: connection(6, [position(6)]) },
  ],
]

const WARNED: [id: string, what: string, change: Partial<TsObservations>][] = [
  ['ts-changes-told', 'jitter of half a frame', { last: connection(5, [position(5, { contentTime: '1351800' })]) }],
  [
    'ts-drift',
    'a rate that differs by less than a frame in all',
    {
      last: connection(5, [position(5, { contentTime: '1348000' })]),
      confirming: connection(6, [position(6, { contentTime: '1437600' })]),
    },
  ],
  ['ts-timeline-available', 'nulls for a timeline that is listed', told(NULLS)],
  ['ts-setup-after-rubbish', 'silence', invalidMessage('before', {}, false)],
  ['ts-wall-clock-time-near', 'an age of two days', restamped((nanos) => nanos - 2n * 86_400n * 1_000_000_000n)],
]

function finding(id: string, change: Partial<TsObservations>) {
  return judgeAll(RULES.ts, observed(change)).find(({ rule }) => rule === id)
}
const severityOf = (id: string) => RULES.ts.find((rule) => rule.id === id)?.severity

describe('the rules of TS', () => {
  it('let a television in order pass in all of them', () => {
    const broken = judgeAll(RULES.ts, observed()).filter(({ verdict }) => verdict !== 'pass')
    expect(broken).toEqual([])
  })

  it('are all tried here with observations that break them', () => {
    const tried = new Set([...BROKEN, ...WARNED].map(([id]) => id))
    expect([...tried].sort()).toEqual(RULES.ts.map(({ id }) => id).sort())
  })

  it.each(BROKEN)('%s is violated by %s', (id, _what, change) => {
    const severity = severityOf(id)
    const verdict = severity === 'fault' ? 'fail' : 'warn'
    expect(finding(id, change)).toMatchObject({ verdict, severity, expected: expect.any(String) })
  })

  it.each(WARNED)('%s warns of %s', (id, _what, change) => {
    expect(finding(id, change)).toMatchObject({ verdict: 'warn', severity: 'advice' })
  })

  it.each([
    [
      'paused',
      { ...told({ timelineSpeedMultiplier: 0 }), last: connection(5, [position(0, { timelineSpeedMultiplier: 0 })]) },
    ],
    ['not available', { last: connection(5, [position(5, NULLS)]) }],
    ['changed meanwhile', { last: connection(5, [position(5, { contentTime: '9000000' })]) }],
    ['of a tick rate that is not known', { tickRate: undefined }],
  ])('do not measure the drift of a timeline that is %s', (_what, change: Partial<TsObservations>) => {
    expect(finding('ts-drift', change)?.verdict).toBe('skipped')
  })

  it('take a relation as old as an evening for what it is', () => {
    const change = restamped((nanos) => nanos - 4n * 3600n * 1_000_000_000n)
    expect(finding('ts-wall-clock-time-near', change)?.verdict).toBe('pass')
  })
})
