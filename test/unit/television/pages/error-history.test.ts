import { describe, expect, it } from 'vitest'
import { piecesOf, rangeOf, withReading } from '../../../../src/television/pages/companion/error-history.js'

const readings = (...errors: number[]) => errors.map((errorSeconds, index) => ({ at: index / 5, errorSeconds }))

describe('the history of errors', () => {
  it('keeps a minute', () => {
    let history = withReading([], 100, 0.001)
    history = withReading(history, 159, 0.002)
    expect(history).toHaveLength(2)
    expect(withReading(history, 161, 0.003).map(({ at }) => at)).toEqual([159, 161])
    expect(withReading(history, 161, undefined).map(({ at }) => at)).toEqual([159])
  })

  it('has a gap where there was no reading', () => {
    const history = [
      { at: 1, errorSeconds: 0 },
      { at: 1.2, errorSeconds: 0 },
      { at: 9, errorSeconds: 0 },
    ]
    expect(piecesOf(history).map((piece) => piece.length)).toEqual([2, 1])
    expect(piecesOf([])).toEqual([])
  })

  it('is shown in a range of 1, 2 or 5 times a power of ten, which a single jump does not change', () => {
    expect(rangeOf([])).toBeCloseTo(0.02)
    expect(rangeOf(readings(0.001, -0.002))).toBeCloseTo(0.02)
    expect(rangeOf(readings(0.03, -0.03, 0.03))).toBeCloseTo(0.05)
    expect(rangeOf(readings(...Array<number>(30).fill(0.003), 12))).toBeCloseTo(0.02)
    expect(rangeOf(readings(-3, -3, -3))).toBeCloseTo(5)
  })
})
