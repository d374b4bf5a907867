import { describe, expect, it } from 'vitest'
import { TimelineUnwrapper, unwrapperFor } from '../../../../src/companion/connections/timeline-unwrapper.js'

const RANGE = 2 ** 33
const RATE = 90_000
const HOUR = 3600

/** Of a device that does not sleep, and a television that does not restart. */
const momentAt = (seconds: number) => ({ localSeconds: seconds, wallClockSeconds: seconds })

/** A timeline that is at `ticks` at a time of this device, and runs at a speed; returns where the count puts it. */
function reader(unwrapper = new TimelineUnwrapper(RANGE)) {
  const read = (contentTime: number, localSeconds: number, speed = 1): number => {
    unwrapper.read(BigInt(contentTime), contentTime, RATE * speed, momentAt(localSeconds))
    return contentTime + unwrapper.offsetTicks
  }
  return { unwrapper, read }
}

describe('the count of wraps of a timeline', () => {
  it('begins with the content time itself', () => {
    expect(reader().read(RANGE - 1, 0)).toBe(RANGE - 1)
  })

  it('keeps rising over repeated wraps', () => {
    const { read } = reader()
    let local = 0
    let position = 0
    for (let hour = 0; hour < 100; hour += 1) {
      const ticks = hour * HOUR * RATE
      const now = read(ticks % RANGE, local)
      expect(now).toBe(ticks)
      expect(now).toBeGreaterThanOrEqual(position)
      position = now
      local += HOUR
    }
    expect(position).toBeGreaterThan(3 * RANGE)
  })

  it('is one less after a seek backward over the wrap', () => {
    const { read } = reader()
    read(RANGE - 10 * RATE, 0)
    expect(read(10 * RATE, 20)).toBe(RANGE + 10 * RATE)
    expect(read(RANGE - 60 * RATE, 20)).toBe(RANGE - 60 * RATE)
  })

  it('is kept while the timeline is paused, and while it plays backward', () => {
    const { read } = reader()
    read(RANGE - 10 * RATE, 0)
    expect(read(5 * RATE, 15, 0)).toBe(RANGE + 5 * RATE)
    expect(read(5 * RATE, 15 + 40 * HOUR, -1)).toBe(RANGE + 5 * RATE)
    expect(read(RANGE - 5 * RATE, 25 + 40 * HOUR, 1)).toBe(RANGE - 5 * RATE)
  })

  it('interprets a seek by more than half the range as the shorter one in the other direction', () => {
    const { read } = reader()
    read(1 * HOUR * RATE, 0)
    expect(read(13 * HOUR * RATE, 0)).toBe(13 * HOUR * RATE)
    expect(read(1 * HOUR * RATE, 0)).toBe(1 * HOUR * RATE)
    expect(read(20 * HOUR * RATE, 0)).toBe(20 * HOUR * RATE - RANGE)
  })

  it('is left to a server that counts by itself', () => {
    const { read } = reader()
    expect(read(RANGE + 5, 0)).toBe(RANGE + 5)
    expect(read(3, 10)).toBe(3)
    expect(reader().read(-7, 0)).toBe(-7)
  })

  it.each(['before', 'after'] as const)('restarts with other content, reported %s the jump', (when) => {
    const { unwrapper, read } = reader()
    read(RANGE - 10 * RATE, 0)
    expect(read(10 * RATE, 20)).toBe(RANGE + 10 * RATE)
    if (when === 'before') expect(unwrapper.newProgramme(25)).toBe(false)
    expect(read(4000 * RATE, 30)).toBe(4000 * RATE + (when === 'before' ? 0 : RANGE))
    if (when === 'after') expect(unwrapper.newProgramme(31)).toBe(true)
    expect(unwrapper.offsetTicks).toBe(0)
    expect(read(4010 * RATE, 40)).toBe(4010 * RATE)
  })

  it('is kept by a timeline that continues into the next programme', () => {
    const { unwrapper, read } = reader()
    read(RANGE - 10 * RATE, 0)
    expect(unwrapper.newProgramme(15)).toBe(false)
    expect(read(10 * RATE, 20)).toBe(RANGE + 10 * RATE)
    // A seek long after has nothing to do with it.
    expect(read(500 * RATE, 60)).toBe(RANGE + 500 * RATE)
  })

  it('is left alone by a clock that is out of all bounds', () => {
    const { unwrapper, read } = reader()
    read(100, 0)
    unwrapper.read(100n, Number.NaN, RATE, momentAt(1))
    expect(unwrapper.offsetTicks).toBe(0)
  })

  it('survives a timestamp that is absurd', () => {
    const { unwrapper, read } = reader()
    read(100 * RATE, 0)
    unwrapper.read(100n, -1e26, RATE, momentAt(1))
    expect(read(102 * RATE, 2)).toBe(102 * RATE)
  })

  it('survives a negative content time, and keeps counting', () => {
    const { read } = reader()
    expect(read(-5 * RATE, 0)).toBe(-5 * RATE)
    expect(read(5 * RATE, 10)).toBe(5 * RATE)
    const position = read(RANGE - RATE, RANGE / RATE + 4)
    expect(read(RATE, RANGE / RATE + 6)).toBe(position + 2 * RATE)
  })

  it.each([5, 60, 12 * HOUR, 24 * HOUR, 40 * HOUR])('includes %d s that this device has slept', (slept) => {
    const { unwrapper, read } = reader()
    read(100 * RATE, 0)
    const ticks = (110 + slept) * RATE
    const moment = { localSeconds: 10, wallClockSeconds: 10 + slept }
    unwrapper.read(BigInt(ticks % RANGE), ticks % RANGE, RATE, moment)
    expect((ticks % RANGE) + unwrapper.offsetTicks).toBe(ticks)
  })

  it('exists for PTS only', () => {
    expect(unwrapperFor('urn:dvb:css:timeline:pts')).toBeInstanceOf(TimelineUnwrapper)
    expect(unwrapperFor('urn:dvb:css:timeline:temi:1:1')).toBeUndefined()
  })
})
