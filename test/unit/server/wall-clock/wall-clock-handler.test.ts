import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, SystemClock, type SystemClockOptions } from '../../../../src/clocks/index.js'
import { WallClockHandler, type WallClockHandlerOptions } from '../../../../src/server/wall-clock/wall-clock-handler.js'

/** A clock that reads these nanoseconds one after the other, and then the last of them for ever. */
function scripted(times: readonly number[], options: SystemClockOptions = {}): SystemClock {
  const left = [...times]
  const source = () => (left.length > 1 ? left.shift() : left[0]) ?? 0
  // A precision that is given is not measured, which would use the times up.
  return new SystemClock({ precisionSeconds: 2 ** -20, maxFreqErrorPpm: 50, source, ...options })
}

function hex(bytes: Uint8Array | string | undefined): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : String(bytes)
}

function request(fields: { version?: string; type?: string; rest?: string; originate?: string } = {}): Uint8Array {
  const { version = '00', type = '00', rest = '000000000000', originate = '0000000100000002' } = fields
  return Buffer.from(version + type + rest + originate + '00'.repeat(16), 'hex')
}

function handlerOf(times: readonly number[], options: WallClockHandlerOptions = {}): WallClockHandler {
  return new WallClockHandler(scripted(times), options)
}

/** The field's bytes of an answer, as hex. */
function field(answer: Uint8Array | string | undefined, from: number, to: number): string {
  return hex(answer).slice(2 * from, 2 * to)
}

describe('a wall clock response', () => {
  it('has every field in its place', () => {
    const answer = handlerOf([1_000_000_005, 2_000_000_007]).handle(request())
    expect(hex(answer)).toBe(
      '00 01 ec 00 00003200 00000001 00000002 00000001 00000005 00000002 00000007'.replaceAll(' ', ''),
    )
  })

  it('reads t2 first and t3 last, each once', () => {
    let reads = 0
    const clock = new SystemClock({ precisionSeconds: 1e-6, source: () => ++reads })
    const answer = new WallClockHandler(clock).handle(request())
    expect([field(answer, 16, 24), field(answer, 24, 32)]).toEqual(['0000000000000001', '0000000000000002'])
    expect(reads).toBe(2)
  })

  it('repeats any originate bytes, also those that are no time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (originate) => {
        const answer = handlerOf([1]).handle(request({ originate: hex(originate) }))
        expect(field(answer, 8, 16)).toBe(hex(originate))
      }),
    )
    expect(field(handlerOf([1]).handle(request({ originate: 'ffffffffffffffff' })), 8, 16)).toBe('ffffffffffffffff')
  })

  it('takes nothing else from the request', () => {
    const noise = Buffer.concat([Buffer.from('0000ffffffffffff0000000100000002', 'hex'), Buffer.alloc(16, 0xff)])
    expect(hex(handlerOf([3, 4]).handle(noise))).toBe(hex(handlerOf([3, 4]).handle(request())))
  })

  it('is written over the request, so that the reply path allocates nothing', () => {
    const message = request()
    expect(handlerOf([1]).handle(message)).toBe(message)
  })

  it.each([
    ['0', 0, '0000000000000000'],
    ['the last nanosecond of a second', 999_999_999, '000000003b9ac9ff'],
    ['a whole second', 1_000_000_000, '0000000100000000'],
    ['a fraction of a nanosecond, rounded down', 1.75, '0000000000000001'],
    ['the largest time that a number holds exactly', 2 ** 53 - 1, '0089705f0f2f09ff'],
    ['the last second of the field', 0xffff_ffff * 1e9, 'ffffffff00000000'],
    ['a second beyond the field, which wraps', 2 ** 32 * 1e9, '0000000000000000'],
    ['a time below 0, which wraps', -1, 'ffffffff3b9ac9ff'],
    ['a second below 0, which wraps', -1_000_000_000, 'ffffffff00000000'],
  ])('writes %s', (_name, nanos, expected) => {
    const answer = handlerOf([nanos]).handle(request())
    expect([field(answer, 16, 24), field(answer, 24, 32)]).toEqual([expected, expected])
  })

  it('writes any whole number of nanoseconds exactly', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeNat(),
          // Just under whole seconds is where a quotient rounds up.
          fc
            .tuple(fc.integer({ min: 1, max: 9_007_198 }), fc.integer({ min: -2, max: 2 }))
            .map(([s, d]) => s * 1e9 + d),
        ),
        (nanos) => {
          const answer = handlerOf([nanos]).handle(request())
          const expected = ((BigInt(nanos) / 1_000_000_000n) << 32n) | (BigInt(nanos) % 1_000_000_000n)
          expect(field(answer, 16, 24)).toBe(expected.toString(16).padStart(16, '0'))
        },
      ),
    )
  })
})

describe('what a wall clock server says of its clock', () => {
  it('is precision and frequency error of the clock', () => {
    const clock = scripted([0], { precisionSeconds: 0.001, maxFreqErrorPpm: 500 })
    const answer = new WallClockHandler(clock).handle(request())
    expect([field(answer, 2, 3), field(answer, 4, 8)]).toEqual(['f7', '0001f400'])
  })

  it('is what it was told to say, rounded up', () => {
    const answer = handlerOf([0], { precisionSeconds: 0.0005, maxFreqErrorPpm: 0.001 }).handle(request())
    expect([field(answer, 2, 3), field(answer, 4, 8)]).toEqual(['f6', '00000001'])
  })

  it('may be a frequency error of 0', () => {
    expect(field(handlerOf([0], { maxFreqErrorPpm: 0 }).handle(request()), 4, 8)).toBe('00000000')
  })

  it('follows a clock that is derived from another', () => {
    const root = scripted([0], { maxFreqErrorPpm: 20 })
    const wallClock = new CorrelatedClock(root, {
      correlation: new Correlation({ initialErrorSeconds: 0.25 - 2 ** -20 }),
    })
    const handler = new WallClockHandler(wallClock)
    const first = handler.handle(request())
    expect([field(first, 2, 3), field(first, 4, 8)]).toEqual(['fe', '00001400'])
    wallClock.correlation = new Correlation({ initialErrorSeconds: 1 - 2 ** -20 })
    expect(field(handler.handle(request()), 2, 3)).toBe('00')
    wallClock.parent = scripted([0], { maxFreqErrorPpm: 1, precisionSeconds: 1 + 2 ** -20 })
    const last = handler.handle(request())
    expect([field(last, 2, 3), field(last, 4, 8)]).toEqual(['01', '00000100'])
  })

  it('grows with an error that grows with time', () => {
    let nanos = 0
    const root = new SystemClock({ precisionSeconds: 2 ** -20, source: () => nanos })
    const correlation = new Correlation({ initialErrorSeconds: 2 ** -10, errorGrowthRate: 2 ** -10 })
    const handler = new WallClockHandler(new CorrelatedClock(root, { correlation }))
    const before = field(handler.handle(request()), 2, 3)
    nanos = 1_000_000_000_000
    expect([before, field(handler.handle(request()), 2, 3)]).toEqual(['f7', '00'])
  })

  it('is the worst precision when the clock cannot tell its error', () => {
    const clock = scripted([0])
    Object.defineProperty(clock, 'dispersionAt', { value: () => Number.POSITIVE_INFINITY })
    expect(field(new WallClockHandler(clock).handle(request()), 2, 3)).toBe('7f')
  })

  it.each([
    [{ precisionSeconds: 0 }, '"precisionSeconds" must be a number of seconds above 0; received 0'],
    [{ precisionSeconds: Number.NaN }, '"precisionSeconds" must be a number of seconds above 0; received NaN'],
    [{ maxFreqErrorPpm: -1 }, '"maxFreqErrorPpm" must be a number of ppm from 0 upward; received -1'],
    [{ maxFreqErrorPpm: Infinity }, '"maxFreqErrorPpm" must be a number of ppm from 0 upward; received Infinity'],
    [{ followUp: 'yes' as unknown as boolean }, '"followUp" must be a boolean; received "yes"'],
  ])('cannot be %j', (options, message) => {
    expect(() => handlerOf([0], options)).toThrow(message)
  })
})

describe('the time that is told', () => {
  it('is that of a clock derived from another, in nanoseconds of its own', () => {
    const wallClock = new CorrelatedClock(scripted([5_000_000_000]), {
      tickRate: 1000,
      correlation: new Correlation({ parentTicks: 4_000_000_000, childTicks: 70_000 }),
    })
    expect(field(new WallClockHandler(wallClock).handle(request()), 24, 32)).toBe('0000004700000000')
  })

  it('is not told while the clock is unavailable', () => {
    const wallClock = new CorrelatedClock(scripted([5]), { available: false })
    const handler = new WallClockHandler(wallClock)
    expect(handler.handle(request())).toBe('clock-unavailable')
    wallClock.available = true
    expect(field(handler.handle(request()), 24, 32)).toBe('0000000000000005')
  })

  it.each([
    ['when the request comes', [Number.NaN, 1]],
    ['when the answer leaves', [1, Number.POSITIVE_INFINITY]],
  ])('is not told when there is none %s', (_name, times) => {
    expect(handlerOf(times).handle(request())).toBe('clock-unavailable')
  })
})

describe('what is not a wall clock request', () => {
  it.each([0, 1, 31, 33, 64, 1500])('gets no answer when it has %i bytes', (length) => {
    expect(handlerOf([0]).handle(new Uint8Array(length))).toBe('wrong-length')
  })

  it.each(['01', '02', '80', 'ff'])('gets no answer when its version is 0x%s', (version) => {
    expect(handlerOf([0]).handle(request({ version }))).toBe('wrong-version')
  })

  it.each(['01', '02', '03', '04', 'ff'])('gets no answer when its type is 0x%s', (type) => {
    expect(handlerOf([0]).handle(request({ type }))).toBe('not-a-request')
  })

  it('never makes the handler throw, and an answer always has the 32 bytes of a response', () => {
    const handler = handlerOf([1_000])
    const nearlyRequests = fc
      .tuple(
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 4 }),
        fc.uint8Array({ minLength: 29, maxLength: 31 }),
      )
      .map(([version, type, rest]) => [version, type, ...rest])
    fc.assert(
      fc.property(nearlyRequests, (bytes) => {
        const answer = handler.handle(Uint8Array.from(bytes))
        if (typeof answer === 'string') expect(['wrong-length', 'wrong-version', 'not-a-request']).toContain(answer)
        else expect([answer.length, answer[0], answer[1]]).toEqual([32, 0, 1])
      }),
    )
  })
})

describe('a follow-up', () => {
  it('is not sent unless asked for', () => {
    const handler = handlerOf([1])
    expect(handler.followUp(handler.handle(request()) as Uint8Array)).toBeUndefined()
  })

  it('repeats the response with a later t3', () => {
    const handler = handlerOf([1, 2, 3], { followUp: true })
    const answer = handler.handle(request()) as Uint8Array
    const followUp = handler.followUp(answer)
    expect([field(answer, 1, 2), field(followUp, 1, 2)]).toEqual(['02', '03'])
    expect([field(answer, 24, 32), field(followUp, 24, 32)]).toEqual(['0000000000000002', '0000000000000003'])
    expect(field(followUp, 2, 24)).toBe(field(answer, 2, 24))
  })

  it('leaves the response alone, which may still be on its way out', () => {
    const handler = handlerOf([1, 2, 3], { followUp: true })
    const answer = handler.handle(request()) as Uint8Array
    const before = hex(answer)
    handler.followUp(answer)
    expect(hex(answer)).toBe(before)
  })

  it('is left out when the clock has no time any more', () => {
    const handler = handlerOf([1, 2, Number.NaN], { followUp: true })
    expect(handler.followUp(handler.handle(request()) as Uint8Array)).toBeUndefined()
  })
})
