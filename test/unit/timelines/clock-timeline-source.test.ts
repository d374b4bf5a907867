import { describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  contentTicksAt,
  SystemClock,
} from '../../../plugins/index.js'

const PTS = 'urn:dvb:css:timeline:pts'

function setUp(tickRate = 90_000) {
  const time = { nanos: 1_000_000_000 }
  const wallClock = new SystemClock({ source: () => time.nanos })
  const clock = new CorrelatedClock(wallClock, {
    tickRate,
    correlation: new Correlation({ parentTicks: time.nanos, childTicks: 0 }),
  })
  const told: bigint[] = []
  const sink = { updateTimelines: () => told.push(BigInt(time.nanos)) }
  return { time, wallClock, clock, told, sink }
}

describe('a clock as a timeline source', () => {
  it('loses no fraction of a tick: the timestamp names the moment of a whole one', () => {
    const { time, wallClock, clock } = setUp(1000)
    const source = new ClockTimelineSource(PTS, wallClock, clock)
    time.nanos += 5_700_000
    const timestamp = source.controlTimestamp(PTS)
    expect(timestamp).toEqual({ contentTime: 5n, wallClockTime: 1_005_000_000n, timelineSpeedMultiplier: 1 })
    expect(contentTicksAt(timestamp, time.nanos, 1000)).toBeCloseTo(5.7, 9)
  })

  it('never names a moment to come, whichever way it plays', () => {
    const { time, wallClock, clock } = setUp(1000)
    const source = new ClockTimelineSource(PTS, wallClock, clock)
    clock.speed = -2
    time.nanos += 1_234_567
    const timestamp = source.controlTimestamp(PTS)
    expect(timestamp.wallClockTime).toBeLessThanOrEqual(BigInt(time.nanos))
    expect(timestamp.timelineSpeedMultiplier).toBe(-2)
    expect(contentTicksAt(timestamp, time.nanos, 1000)).toBeCloseTo(clock.now(), 5)
  })

  it('gives the nearest tick and the present while it stands still', () => {
    const { time, wallClock, clock } = setUp(1000)
    const source = new ClockTimelineSource(PTS, wallClock, clock)
    time.nanos += 5_700_000
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: time.nanos, childTicks: clock.now() }), 0)
    time.nanos += 1_000_000_000
    expect(source.controlTimestamp(PTS)).toEqual({
      contentTime: 6n,
      wallClockTime: BigInt(time.nanos),
      timelineSpeedMultiplier: 0,
    })
  })

  it('tells its sinks of a change once, and not of what changes nothing', () => {
    const { time, wallClock, clock, told, sink } = setUp()
    const source = new ClockTimelineSource(PTS, wallClock, clock)
    source.attachSink(sink)
    source.controlTimestamp(PTS)
    time.nanos += 123_456_789
    clock.rebaseCorrelationAt(clock.now())
    expect(told).toHaveLength(0)
    clock.speed = 2
    expect(told).toHaveLength(1)
    clock.available = false
    expect(told).toHaveLength(2)
    expect(source.controlTimestamp(PTS).contentTime).toBeNull()
  })

  it('without autoUpdateClients, tells its sinks only when the app says so', () => {
    const { time, wallClock, clock, told, sink } = setUp()
    const source = new ClockTimelineSource(PTS, wallClock, clock, { autoUpdateClients: false })
    source.attachSink(sink)
    expect([clock.listenerCount, wallClock.listenerCount]).toEqual([0, 0])
    const first = source.controlTimestamp(PTS)
    time.nanos += 1_000_000_000
    expect(source.controlTimestamp(PTS)).toBe(first)
    clock.speed = 2
    clock.correlation = new Correlation({ parentTicks: time.nanos, childTicks: 900_000 })
    expect(told).toHaveLength(0)
    // A client that asks only now gets what is true now, and the others have still to be told.
    expect(source.controlTimestamp(PTS)).toMatchObject({ contentTime: 900_000n, timelineSpeedMultiplier: 2 })
    source.updateClients()
    expect(told).toHaveLength(1)
  })

  it('refuses an autoUpdateClients that is no boolean', () => {
    const { wallClock, clock } = setUp()
    const make = () => new ClockTimelineSource(PTS, wallClock, clock, { autoUpdateClients: 'no' as never })
    expect(make).toThrow('"autoUpdateClients" must be a boolean; received "no"')
  })

  it('takes the speed of another clock when asked, and follows its changes', () => {
    const { wallClock, clock, told, sink } = setUp()
    const player = new CorrelatedClock(wallClock, { tickRate: 1000, speed: 0 })
    const source = new ClockTimelineSource(PTS, wallClock, clock, { speedSource: player })
    source.attachSink(sink)
    expect(source.controlTimestamp(PTS).timelineSpeedMultiplier).toBe(0)
    player.speed = 1.5
    expect(told).toHaveLength(1)
    expect(source.controlTimestamp(PTS).timelineSpeedMultiplier).toBe(1.5)
  })

  it('gives speeds against the wall clock, whatever the clocks in between do', () => {
    const { wallClock } = setUp()
    const player = new CorrelatedClock(wallClock, { tickRate: 1000, speed: 3 })
    const clock = new CorrelatedClock(player, { tickRate: 90_000, speed: 0.5 })
    expect(new ClockTimelineSource(PTS, wallClock, clock).controlTimestamp(PTS).timelineSpeedMultiplier).toBe(1.5)
  })

  it('listens to its clock only while somebody listens to it', () => {
    const { wallClock, clock, sink } = setUp()
    const source = new ClockTimelineSource(PTS, wallClock, clock)
    expect(clock.listenerCount).toBe(0)
    source.attachSink(sink)
    expect(clock.listenerCount).toBe(1)
    source.removeSink(sink)
    expect(clock.listenerCount + wallClock.listenerCount + wallClock.dependentCount).toBe(0)
  })

  it('refuses clocks that have nothing to do with each other', () => {
    const { wallClock } = setUp()
    expect(() => new ClockTimelineSource(PTS, wallClock, new SystemClock())).toThrow(/common/)
  })
})
