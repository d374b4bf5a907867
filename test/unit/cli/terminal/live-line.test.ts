import { describe, expect, it } from 'vitest'
import { LiveLine } from '../../../../src/cli/terminal/live-line.js'
import type { Output } from '../../../../src/cli/terminal/output.js'
import { clockText, millisText, offsetText } from '../../../../src/cli/terminal/time-text.js'

function terminal(properties: object) {
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text), ...properties } as unknown as Output
  return { line: new LiveLine(stream), written: () => written.splice(0).join('') }
}

describe('the live line', () => {
  it('is written over on a terminal, with the cursor out of the way until it ends', () => {
    const { line, written } = terminal({ isTTY: true, columns: 40 })
    line.show('one')
    expect(written()).toBe('\x1b[?25l\r\x1b[Kone')
    line.show('two')
    expect(written()).toBe('\r\x1b[Ktwo')
    line.around(() => {})
    expect(written()).toBe('\r\x1b[K\r\x1b[Ktwo')
    line.end()
    expect(written()).toBe('\n\x1b[?25h')
    line.end()
    expect(written()).toBe('')
  })

  it('is never longer than the terminal is wide, because a wrapped line cannot be written over', () => {
    const { line, written } = terminal({ isTTY: true, columns: 10 })
    line.show('±12345678901')
    expect(written()).toBe('\x1b[?25l\r\x1b[K±12345678')
  })

  it('is not written over while the terminal has not taken what was written before', () => {
    const { line, written } = terminal({ isTTY: true, columns: 40, isBehind: true })
    line.show('one')
    expect(written()).toBe('')
  })

  it('is a line each time where the output is no terminal', () => {
    const { line, written } = terminal({})
    line.show('one')
    line.around(() => {})
    line.show('two')
    line.end()
    expect(written()).toBe('one\ntwo\n')
  })
})

describe('times for people', () => {
  it.each([
    [0, '0:00:00.000'],
    [100, '0:01:40.000'],
    [59.9996, '0:01:00.000'],
    [3599.9996, '1:00:00.000'],
    [36_061.5, '10:01:01.500'],
    [-1.25, '-0:00:01.250'],
    [-0.0001, '0:00:00.000'],
    [Number.NaN, '-:--:--.---'],
  ])('write %f s as %s', (seconds, text) => {
    expect(clockText(seconds)).toBe(text)
  })

  it('write milliseconds to the microsecond, and a sign where there may be two', () => {
    expect([millisText(0.0001234), millisText(Number.POSITIVE_INFINITY), millisText(undefined)]).toEqual([
      '0.123 ms',
      '- ms',
      '- ms',
    ])
    expect([1.5, -0.25, -1e-8, undefined].map(offsetText)).toEqual(['+1.500000 s', '-0.250000 s', '+0.000000 s', '- s'])
  })
})
