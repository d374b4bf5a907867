import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, SystemClock } from '../../../../../src/clocks/index.js'
import { NO_TIME, readClockLine } from '../../../../../src/server/wall-clock/isolated/isolated-clock-line.js'
import { ClockLineReader, ClockLineWriter } from '../../../../../src/server/wall-clock/isolated/isolated-line-memory.js'

const LINE = {
  rootNanos: 2 ** 53 - 1,
  clockNanos: -1.5,
  speed: -0.75,
  dispersionSeconds: 1e-9,
  dispersionGrowth: 5e-4,
  maxFreqErrorPpm: 500,
  available: true,
}

describe('the line of a clock in shared memory', () => {
  it('is read as it was written, once', () => {
    const writer = new ClockLineWriter()
    const reader = new ClockLineReader(writer.buffer)
    expect(reader.readChanged()).toBeUndefined()
    writer.write(LINE)
    expect(reader.readChanged()).toEqual(LINE)
    expect(reader.readChanged()).toBeUndefined()
    writer.write(LINE)
    writer.write(NO_TIME)
    expect(reader.readChanged()).toEqual(NO_TIME)
    expect(new ClockLineReader(writer.buffer).readChanged()).toEqual(NO_TIME)
  })

  it('is not read while it is being written', () => {
    const writer = new ClockLineWriter()
    const reader = new ClockLineReader(writer.buffer)
    writer.write(LINE)
    const sequence = new Int32Array(writer.buffer)
    Atomics.add(sequence, 0, 1)
    expect(reader.readChanged()).toBeUndefined()
    Atomics.add(sequence, 0, 1)
    expect(reader.readChanged()).toEqual(LINE)
  })
})

describe('the line of a clock', () => {
  it('promises no less dispersion than the clock, also where that falls before it grows', () => {
    const root = new SystemClock({ precisionSeconds: 1e-6 })
    const correlation = new Correlation({ parentTicks: root.now() + 30e9, errorGrowthRate: 1e-3 })
    const clock = new CorrelatedClock(root, { correlation })
    const line = readClockLine(clock)
    for (const seconds of [0, 0.5, 1, 10, 30, 60, 600, 3600]) {
      const promised = line.dispersionSeconds + line.dispersionGrowth * seconds
      const actual = clock.dispersionAt(clock.fromRoot(line.rootNanos + seconds * 1e9))
      expect(promised).toBeGreaterThanOrEqual(actual - 1e-12)
    }
  })

  it('grows in dispersion as the clock does', () => {
    const root = new SystemClock({ precisionSeconds: 1e-6 })
    const correlation = new Correlation({ parentTicks: root.now(), initialErrorSeconds: 0.01, errorGrowthRate: 1e-3 })
    const line = readClockLine(new CorrelatedClock(root, { correlation }))
    expect(line.dispersionSeconds).toBeGreaterThanOrEqual(0.01)
    expect(line.dispersionGrowth).toBeCloseTo(1e-3, 9)
  })

  it('has no time while the clock is unavailable, or nowhere near any', () => {
    const root = new SystemClock()
    expect(readClockLine(new CorrelatedClock(root, { available: false }))).toEqual(NO_TIME)
    const correlation = new Correlation({ childTicks: Number.MAX_VALUE })
    expect(readClockLine(new CorrelatedClock(root, { correlation, tickRate: 1e-3 }))).toEqual(NO_TIME)
  })
})
