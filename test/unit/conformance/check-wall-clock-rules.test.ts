import { describe, expect, it } from 'vitest'
import { judgeAll } from '../../../src/conformance/rule.js'
import { RULES } from '../../../src/conformance/rules.js'
import type { ProbeReply } from '../../../src/conformance/udp-probe.js'
import type { ObservedExchange, WallClockObservations } from '../../../src/conformance/wall-clock-observations.js'

const SECOND = 1_000_000_000n
const MICROSECOND = 1000n
/** How far the server's clock is ahead of ours. */
const OFFSET = 5_000n * SECOND
const EXCHANGES = 40

interface Fields {
  version: number
  type: number
  precision: number
  reserved: number
  maxFreqError: number
  originate: readonly [number, number]
  receive: bigint
  transmit: bigint
}

function message(fields: Partial<Fields>): Uint8Array {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  const time = (at: number, nanos: bigint) => {
    view.setUint32(at, Number(nanos / SECOND))
    view.setUint32(at + 4, Number(nanos % SECOND))
  }
  view.setUint8(0, fields.version ?? 0)
  view.setUint8(1, fields.type ?? 0)
  view.setInt8(2, fields.precision ?? 0)
  view.setUint8(3, fields.reserved ?? 0)
  view.setUint32(4, fields.maxFreqError ?? 0)
  view.setUint32(8, fields.originate?.[0] ?? 0)
  view.setUint32(12, fields.originate?.[1] ?? 0)
  time(16, fields.receive ?? 0n)
  time(24, fields.transmit ?? 0n)
  return bytes
}

function reply(bytes: Uint8Array, receivedNanos: bigint): ProbeReply {
  return { bytes, receivedNanos, address: '192.0.2.1', port: 6677 }
}

/** A request that took 300 µs there and back, 100 µs of it in the server; at uneven times. */
function exchange(index: number, change: Partial<Fields> = {}): ObservedExchange {
  const sentNanos = BigInt(index) * 100_000_000n
  const receive = OFFSET + sentNanos + 100n * MICROSECOND + BigInt(index * index * 37)
  const answer = {
    type: 1,
    precision: -20,
    maxFreqError: 50 * 256,
    originate: [index, 7] as const,
    receive,
    transmit: receive + 100n * MICROSECOND,
  }
  const bytes = message({ ...answer, ...change })
  return {
    request: message({ originate: [index, 7] }),
    sentNanos,
    replies: [reply(bytes, sentNanos + 300n * MICROSECOND)],
  }
}

function exchanges(change: (index: number) => Partial<Fields> = () => ({})): ObservedExchange[] {
  return Array.from({ length: EXCHANGES }, (_, index) => exchange(index, change(index)))
}

const odd = (change: Partial<Fields> = {}) => [{ name: 'an odd request', tries: [exchange(3, change)] }]
const provocation = (kind: 'type' | 'long' | 'short' | 'version', replies: ProbeReply[] = []) => {
  return { kind, name: `a ${kind} one`, replies }
}
const CALM = [provocation('type'), provocation('version'), provocation('long'), provocation('short')]

function observed(change: Partial<WallClockObservations> = {}): WallClockObservations {
  const base = {
    address: '192.0.2.1',
    port: 6677,
    originates: odd(),
    filled: odd(),
    provocations: CALM,
    ending: undefined,
  }
  return { ...base, exchanges: exchanges(), ...change }
}

/** Each with its follow-up 50 µs later. */
function withFollowUps(change: (followUp: Uint8Array) => void = () => {}): ObservedExchange[] {
  return Array.from({ length: EXCHANGES }, (_, index) => {
    const { request, sentNanos, replies } = exchange(index, { type: 2 })
    const [first] = replies
    if (first === undefined) throw new Error('expected a reply')
    const followUp = new Uint8Array(first.bytes)
    followUp[1] = 3
    const view = new DataView(followUp.buffer)
    view.setUint32(28, view.getUint32(28) + 50_000)
    change(followUp)
    return { request, sentNanos, replies: [first, reply(followUp, first.receivedNanos + 50n * MICROSECOND)] }
  })
}

function verdicts(observations: WallClockObservations): Record<string, string> {
  return Object.fromEntries(judgeAll(RULES.wc, observations).map(({ rule, verdict }) => [rule, verdict]))
}

const brokenReplies = (change: (bytes: ProbeReply) => ProbeReply) =>
  exchanges().map((each) => ({ ...each, replies: each.replies.map(change) }))
const transmitAt = (index: number) => OFFSET + BigInt(index) * 100_000_000n

/** For each rule what breaks it; what else it breaks does not matter. */
const BROKEN: Record<string, Partial<WallClockObservations>> = {
  'wc-answers': { exchanges: exchanges().map((each) => ({ ...each, replies: [] })) },
  'wc-answer-address': { exchanges: brokenReplies((each) => ({ ...each, address: '192.0.2.2' })) },
  'wc-length': { exchanges: brokenReplies((each) => ({ ...each, bytes: new Uint8Array([...each.bytes, 0]) })) },
  'wc-version': { exchanges: exchanges(() => ({ version: 1 })) },
  'wc-reserved': { exchanges: exchanges(() => ({ reserved: 1 })) },
  'wc-type': { exchanges: exchanges((index) => (index === 9 ? { type: 4 } : {})) },
  'wc-one-answer': { exchanges: exchanges().map((each) => ({ ...each, replies: [...each.replies, ...each.replies] })) },
  'wc-follow-up-complete': { exchanges: exchanges(() => ({ type: 2 })) },
  'wc-originate-echoed': { exchanges: exchanges(() => ({ originate: [0, 0] })) },
  'wc-originate-cookie': { originates: odd({ originate: [4, 7] }) },
  'wc-request-fields-ignored': { filled: [{ name: 'unanswered', tries: [{ ...exchange(1), replies: [] }] }] },
  'wc-precision-plausible': { exchanges: exchanges(() => ({ precision: 0 })) },
  'wc-precision-kept': {
    exchanges: exchanges((index) => ({ receive: transmitAt(index), transmit: transmitAt(index) + 1_000_000n })),
  },
  'wc-max-freq-error-plausible': { exchanges: exchanges(() => ({ maxFreqError: 0 })) },
  'wc-nanoseconds-in-range': {
    exchanges: brokenReplies((each) => ({ ...each, bytes: each.bytes.map((byte, at) => (at === 20 ? 0x3c : byte)) })),
  },
  'wc-transmit-not-before-receive': { exchanges: exchanges((index) => ({ transmit: transmitAt(index) })) },
  'wc-times-within-round-trip': {
    exchanges: exchanges((index) => ({ transmit: transmitAt(index) + 50_000_001n })),
  },
  'wc-monotonic': { exchanges: exchanges((index) => (index === 20 ? { receive: OFFSET, transmit: OFFSET } : {})) },
  'wc-rate': {
    exchanges: exchanges((index) => {
      const ahead = (BigInt(index) * 100_000_000n) / 100n
      return { receive: transmitAt(index) + ahead + 100_001n, transmit: transmitAt(index) + ahead + 200_001n }
    }),
  },
  'wc-type-unanswered': { provocations: [provocation('type', exchange(1).replies as ProbeReply[])] },
  'wc-version-unanswered': { provocations: [provocation('version', exchange(1).replies as ProbeReply[])] },
  'wc-long-unanswered': { provocations: [provocation('long', exchange(1).replies as ProbeReply[])] },
  'wc-short-unanswered': { provocations: [provocation('short', exchange(1).replies as ProbeReply[])] },
  'wc-survives': { ending: { after: 'a short one', step: 'wc-rubbish' } },
  'wc-steady': {
    exchanges: exchanges((index) => {
      const jump = BigInt(index * index * 37) + (index < 20 ? 0n : 20_000_000n)
      return { receive: transmitAt(index) + jump, transmit: transmitAt(index) + jump + 1n }
    }),
  },
}

describe('the rules of the wall clock', () => {
  it('let a server in order pass, and only skip what it has no follow-ups for', () => {
    const { 'wc-follow-up-complete': followUp, ...others } = verdicts(observed())
    expect(followUp).toBe('skipped')
    expect(new Set(Object.values(others))).toEqual(new Set(['pass']))
  })

  it('let a server with follow-ups pass in all of them', () => {
    const all = verdicts(observed({ exchanges: withFollowUps() }))
    expect(new Set(Object.values(all))).toEqual(new Set(['pass']))
  })

  it('are all tried here with observations that break them', () => {
    expect(Object.keys(BROKEN).sort()).toEqual(RULES.wc.map(({ id }) => id).sort())
  })

  it.each(Object.entries(BROKEN))('%s is violated by what breaks it', (id, change) => {
    const finding = judgeAll(RULES.wc, observed(change)).find(({ rule }) => rule === id)
    const severity = RULES.wc.find((rule) => rule.id === id)?.severity
    const verdict = severity === 'fault' ? 'fail' : 'warn'
    expect(finding).toMatchObject({ verdict, severity, expected: expect.any(String), got: expect.any(String) })
  })

  it('warn of duplicates and reordering of a few datagrams, as networks cause', () => {
    const all = exchanges()
    const twice = all.map((each, index) =>
      index % 10 === 3 ? { ...each, replies: [...each.replies, ...each.replies] } : each,
    )
    const reordered = withFollowUps().map((each, index) =>
      index % 10 === 3 ? { ...each, replies: [...each.replies].reverse() } : each,
    )
    for (const found of [twice, reordered])
      expect(verdicts(observed({ exchanges: found }))['wc-one-answer']).toBe('warn')
  })

  it('take no server for a fast one because the network is slow: the bound grows with the round trip', () => {
    const slow = exchanges((index) => {
      const late = BigInt(index % 2) * 50_000_000n
      return { receive: transmitAt(index) + late, transmit: transmitAt(index) + late + 1n }
    }).map((each) => ({
      ...each,
      replies: each.replies.map((answer) => ({ ...answer, receivedNanos: each.sentNanos + 60_000_000n })),
    }))
    expect(verdicts(observed({ exchanges: slow }))['wc-rate']).not.toBe('fail')
  })

  it.each([
    ['another originate time', (bytes: Uint8Array) => bytes.fill(0, 8, 16)],
    ['an earlier transmit time', (bytes: Uint8Array) => bytes.fill(0, 24, 32)],
  ])('find a follow-up with %s', (_name, change) => {
    const all = verdicts(observed({ exchanges: withFollowUps((bytes) => void change(bytes)) }))
    expect(all['wc-follow-up-complete']).toBe('fail')
  })

  it('see the steps of a millisecond clock behind the rounding of a float', () => {
    const rounded = exchanges((index) => {
      const whole = transmitAt(index) + BigInt(index % 3) * 256n
      return { receive: whole, transmit: whole + 1_000_000n }
    })
    expect(verdicts(observed({ exchanges: rounded }))['wc-precision-kept']).toBe('fail')
  })

  it('skip what could not be tried on a server that is down already', () => {
    const all = verdicts(
      observed({ provocations: [provocation('type')], ending: { after: 'a type one', step: 'wc-rubbish' } }),
    )
    expect(all).toMatchObject({ 'wc-type-unanswered': 'pass', 'wc-short-unanswered': 'skipped' })
  })
})
