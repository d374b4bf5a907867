import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type Clock, CorrelatedClock, OffsetClock } from '../../../src/clocks/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const nothing = () => {}
const counts = (...clocks: Clock[]) => clocks.map((clock) => clock.dependentCount)

describe('a parent clock', () => {
  it('references no dependent clock without listeners', () => {
    const { clock: root } = manualClock()
    const kept = Array.from({ length: 100 }, () => new OffsetClock(new CorrelatedClock(root)))
    expect(kept.map((clock) => clock.now())).toEqual(Array(100).fill(0))
    expect(root.dependentCount).toBe(0)
  })

  it('references the path to a listener, and releases it with the last listener', () => {
    const { clock: root } = manualClock()
    const wall = new CorrelatedClock(root)
    const pts = new CorrelatedClock(wall)
    const early = new OffsetClock(pts)
    const first = early.on('change', nothing)
    const second = early.on('change', () => {})
    expect(counts(root, wall, pts, early)).toEqual([1, 1, 1, 0])
    expect(early.listenerCount).toBe(2)
    first()
    first()
    expect(counts(root, wall, pts)).toEqual([1, 1, 1])
    wall.on('change', nothing)
    second()
    expect(counts(root, wall, pts)).toEqual([1, 0, 0])
    wall.off('change', nothing)
    wall.off('change', nothing)
    expect(counts(root, wall, pts)).toEqual([0, 0, 0])
  })

  it('releases a dependent clock that moves to another parent', () => {
    const { clock: root } = manualClock()
    const [one, two] = [new CorrelatedClock(root), new CorrelatedClock(root)]
    const moved = new CorrelatedClock(one)
    const stop = moved.on('change', nothing)
    expect(counts(root, one, two)).toEqual([1, 1, 0])
    moved.parent = two
    expect(counts(root, one, two)).toEqual([1, 0, 1])
    stop()
    expect(counts(root, one, two)).toEqual([0, 0, 0])
  })

  it('releases a clock with a scheduled call when that is cancelled', () => {
    const { clock: root } = manualClock()
    const clock = new CorrelatedClock(root)
    const calls = Array.from({ length: 10 }, () => clock.scheduleAt(1e12, nothing))
    expect([clock.listenerCount, root.dependentCount]).toEqual([10, 1])
    for (const call of calls) call.cancel()
    expect([clock.listenerCount, root.dependentCount]).toEqual([0, 0])
  })

  it('does not prevent garbage collection of an unused dependent clock', async () => {
    const { clock: root } = manualClock()
    const dropped = (() => {
      const clock = new CorrelatedClock(root)
      clock.on('change', nothing)()
      new OffsetClock(clock).scheduleAt(1e12, nothing).cancel()
      return new WeakRef(clock)
    })()
    // A WeakRef holds its target until the present turn of the event loop ends.
    for (let turn = 0; turn < 100 && dropped.deref() !== undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
    }
    expect(dropped.deref()).toBeUndefined()
    expect(root.now()).toBe(0)
  })
})
