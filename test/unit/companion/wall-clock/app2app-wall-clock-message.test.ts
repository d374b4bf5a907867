import { describe, expect, it } from 'vitest'
import {
  decodeApp2AppAnswer,
  encodeApp2AppRequest,
} from '../../../../src/companion/wall-clock/app2app-wall-clock-message.js'
import { encodeWallClockJson, WallClockMessageType } from '../../../../src/messages/index.js'

const NANOS = 1.7e18

describe('a wall clock request over App2App', () => {
  it('is one of CSS-WC in JSON with an id', () => {
    const times = { originateNanos: 5_000_000_007n, receiveNanos: 0n, transmitNanos: 0n }
    const json = encodeWallClockJson({ type: 0, precisionSeconds: 0.001, maxFreqErrorPpm: 50, ...times })
    expect(JSON.parse(encodeApp2AppRequest(json, 2 ** 52))).toEqual({ ...JSON.parse(json), id: 2 ** 52, ot: 2 ** 52 })
  })
})

describe('a wall clock answer over App2App', () => {
  it.each([
    [
      { v: 0, t: 1, p: 0.01, mfe: 600, id: 7, ot: 8, rt: NANOS, tt: NANOS + 1024 },
      { precisionSeconds: 0.01, maxFreqErrorPpm: 600 },
    ],
    [{ t: 1, p: 1e-9, mfe: 1, id: 7, rt: NANOS, tt: NANOS + 1024 }, {}],
    [{ id: '7', rt: NANOS, tt: NANOS + 1024 }, {}],
    [
      { t: 1, p: null, mfe: 'x', ot: 7, rt: String(NANOS), tt: '1700000000000001000' },
      { transmitNanos: 1_700_000_000_000_001_000n },
    ],
    [{ t: 1, p: -1, mfe: Number.NaN, id: 7, rt: NANOS, tt: NANOS + 1024 }, {}],
    [{ v: 9, t: 2, id: 7, rt: NANOS, tt: NANOS + 1024 }, { type: WallClockMessageType.responseWithFollowUp }],
    [{ t: 1, id: 7, tt: NANOS + 1024 }, { receiveNanos: BigInt(NANOS + 1024) }],
    [{ t: 1, id: 7, rt: NANOS, tt: null }, { transmitNanos: BigInt(NANOS) }],
    [
      { t: 1, id: 7, rt: 0.9, tt: 12.5 },
      { receiveNanos: 0n, transmitNanos: 12n },
    ],
  ])('%j is understood', (value, expected) => {
    expect(decodeApp2AppAnswer(value)).toEqual({
      id: '7',
      message: {
        type: WallClockMessageType.response,
        precisionSeconds: 0.001,
        maxFreqErrorPpm: 500,
        originateNanos: 0n,
        receiveNanos: BigInt(NANOS),
        transmitNanos: BigInt(NANOS + 1024),
        ...expected,
      },
    })
  })

  it.each([
    [{ t: 1, otvs: 1, otvn: 2, rt: 1, tt: 1, id: 7 }],
    [{ t: 1, rt: 1, tt: 1 }],
    [null],
    [[]],
    [7],
    [undefined],
  ])('%j is not in this format', (value) => {
    expect(decodeApp2AppAnswer(value)).toBeUndefined()
  })

  it.each([
    [{ t: 0, id: 7, rt: 1, tt: 1 }, 'invalid-value'],
    [{ t: '1', id: 7, rt: 1, tt: 1 }, 'invalid-value'],
    [{ t: 1, id: {}, rt: 1, tt: 1 }, 'wrong-type'],
    [{ t: 1, id: 7 }, 'missing'],
    [{ t: 1, id: 7, rt: '1.5s', tt: 1 }, 'wrong-type'],
    [{ t: 1, id: 7, rt: -1, tt: 1 }, 'invalid-value'],
    [{ t: 1, id: 7, rt: 1, tt: 1e300 }, 'invalid-value'],
    [{ t: 1, id: 7, rt: 1, tt: 2 ** 32 * 1e9 }, 'invalid-value'],
  ])('%j is invalid', (value, kind) => {
    expect(() => decodeApp2AppAnswer(value)).toThrow(expect.objectContaining({ kind }))
  })
})
