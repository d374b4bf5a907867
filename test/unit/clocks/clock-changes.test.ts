import { describe, expect, it } from 'vitest'
import { type Clock, type ClockChange, CorrelatedClock, Correlation, OffsetClock } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

/** root ← wall ← pts ← early, and wall ← other. */
function tree() {
  const root = manualClock()
  const wall = new CorrelatedClock(root.clock, { name: 'wall' })
  const pts = new CorrelatedClock(wall, { name: 'pts', tickRate: 90_000 })
  const early = new OffsetClock(pts, { name: 'early' })
  const other = new CorrelatedClock(wall, { name: 'other' })
  return { root: root.clock, wall, pts, early, other }
}

/** Listens to all of them; each line is "who heard: what of whom". */
function listenTo(...clocks: Clock[]): string[] {
  const heard: string[] = []
  for (const clock of clocks) {
    clock.on('change', (change: ClockChange) => heard.push(`${clock.name}: ${change.reason} of ${change.clock.name}`))
  }
  return heard
}

describe('a change of a clock', () => {
  it('notifies the clock and its descendants once, and no other clock', () => {
    const { root, wall, pts, early, other } = tree()
    const heard = listenTo(root, wall, pts, early, other)
    pts.speed = 2
    expect(heard).toEqual(['pts: speed of pts', 'early: speed of pts'])
    heard.length = 0
    wall.correlation = new Correlation({ childTicks: 1 })
    expect(heard.sort()).toEqual(['wall', 'pts', 'early', 'other'].map((name) => `${name}: correlation of wall`).sort())
  })

  it('notifies a clock whose ancestors have no listeners', () => {
    const { wall, early } = tree()
    const heard = listenTo(early)
    wall.speed = 2
    expect(heard).toEqual(['early: speed of wall'])
  })

  it('names the changed property', () => {
    const { wall, pts, early, root } = tree()
    const heard = listenTo(early)
    pts.tickRate = 1000
    pts.speed = 2
    pts.correlation = new Correlation({ childTicks: 1 })
    pts.setCorrelationAndSpeed(new Correlation(), 1)
    early.offsetSeconds = 1
    pts.available = false
    pts.available = true
    pts.parent = root
    wall.speed = 7
    expect(heard.map((line) => line.split(' ')[1])).toEqual([
      'tickRate',
      'speed',
      'correlation',
      'correlationAndSpeed',
      'offset',
      'availability',
      'availability',
      'parent',
    ])
  })

  it('is not emitted if a property is set to its current value', () => {
    const { wall, pts, early } = tree()
    const heard = listenTo(wall, pts, early)
    pts.tickRate = 90_000
    pts.speed = 1
    pts.correlation = new Correlation()
    pts.setCorrelationAndSpeed(new Correlation(), 1)
    pts.parent = wall
    pts.available = true
    early.offsetSeconds = 0
    expect(heard).toEqual([])
  })

  it('is complete when its listeners are called', () => {
    const { pts, early } = tree()
    const speeds: number[] = []
    early.on('change', () => speeds.push(early.effectiveSpeed))
    pts.speed = 3
    expect(speeds).toEqual([3])
  })

  it('reaches every listener even if one throws, and the error is rethrown to the caller', () => {
    const { wall, pts, early } = tree()
    wall.on('change', () => {
      throw new Error('first')
    })
    const heard = listenTo(wall, pts, early)
    expect(() => {
      wall.speed = 2
    }).toThrow('first')
    expect(heard).toHaveLength(3)
    expect(wall.speed).toBe(2)
    pts.on('change', () => {
      throw new Error('second')
    })
    let error: unknown
    try {
      wall.speed = 3
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(String)).toEqual(['Error: first', 'Error: second'])
  })

  it('does not reach listeners that were removed or added meanwhile', () => {
    const { wall, pts } = tree()
    const heard: string[] = []
    const stop: (() => void)[] = []
    wall.on('change', () => {
      for (const each of stop) each()
      pts.on('change', () => heard.push('added'))
    })
    stop.push(pts.on('change', () => heard.push('taken away')))
    wall.speed = 2
    expect(heard).toEqual([])
  })

  it('follows a clock to another parent', () => {
    const { root, wall, pts, early } = tree()
    const heard = listenTo(early)
    pts.parent = root
    expect(heard).toEqual(['early: parent of pts'])
    wall.speed = 5
    expect(heard).toHaveLength(1)
    root.available = false
    expect(heard.at(-1)).toBe('early: availability of root')
  })

  it('reaches a listener that was added twice only once, until it is removed', () => {
    const { wall } = tree()
    let heard = 0
    const listener = () => heard++
    wall.on('change', listener)
    wall.on('change', listener)
    wall.speed = 2
    expect(heard).toBe(1)
    wall.off('change', listener)
    wall.speed = 3
    expect(heard).toBe(1)
  })

  it('is the only event', () => {
    const { wall } = tree()
    expect(() => wall.on('changed' as never, () => {})).toThrow('"event" must be "change"; received "changed"')
    expect(() => wall.off('tick' as never, () => {})).toThrow(InvalidOptionError)
    expect(() => wall.on('change', 7 as never)).toThrow('"listener" must be a function; received 7')
  })
})

describe('the availability of a clock', () => {
  it('depends on its own value and that of its parent', () => {
    const { root, wall, early } = tree()
    root.available = false
    expect([root, wall, early].map((clock) => clock.available)).toEqual([false, false, false])
    wall.available = false
    root.available = true
    expect([root, wall, early].map((clock) => clock.available)).toEqual([true, false, false])
    wall.available = true
    expect(early.available).toBe(true)
    expect(new CorrelatedClock(root, { available: false }).available).toBe(false)
  })

  it('is reported only to the clocks that it affects', () => {
    const { root, wall, pts, early, other } = tree()
    pts.available = false
    const heard = listenTo(wall, pts, early, other)
    wall.available = false
    expect(heard).toEqual(['wall: availability of wall', 'other: availability of wall'])
    heard.length = 0
    // Under a parent that is unavailable the own flag makes no difference.
    pts.available = true
    root.available = false
    root.available = true
    expect(heard).toEqual([])
    wall.available = true
    expect(heard).toHaveLength(4)
    expect(early.available).toBe(true)
  })

  it('must be a boolean', () => {
    const { wall } = tree()
    expect(() => {
      wall.available = 0 as never
    }).toThrow('"available" must be a boolean; received 0')
  })
})
