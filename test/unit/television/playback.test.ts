import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Playback } from '../../../src/television/playback.js'
import type { PlaybackReport } from '../../../src/television/protocol/index.js'
import { type ManualClock, manualClock } from '../../helpers/manual-clock.js'

let wallClock: ManualClock
let playback: Playback
let changes: number

beforeEach(() => {
  vi.useFakeTimers()
  wallClock = manualClock()
  playback = new Playback(wallClock.clock)
  changes = 0
  playback.on('change', () => {
    changes += 1
  })
})

afterEach(() => {
  playback.stop()
  vi.useRealTimers()
})

function pass(seconds: number): void {
  wallClock.advanceSeconds(seconds)
  vi.advanceTimersByTime(seconds * 1000)
}

function report(mediaSeconds: number, parts: Partial<PlaybackReport> = {}) {
  return playback.report({
    type: 'playback',
    programme: 'clip',
    state: 'playing',
    mediaSeconds,
    wallClockNanos: String(Math.round(wallClock.nanos)),
    speed: 1,
    durationSeconds: null,
    ...parts,
  })
}

describe('the playback of a television', () => {
  it('plays from the beginning by its own clock, and obeys', () => {
    pass(2)
    expect(playback.positionSeconds).toBeCloseTo(2, 6)
    playback.pause()
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(2, 6)
    playback.seek(30)
    playback.setSpeed(2)
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(32, 6)
    playback.pause()
    playback.play()
    expect(playback.speed).toBe(2)
  })

  it.each([0, -1, 1e-9])('does not begin again by a reported duration of %d s', (durationSeconds) => {
    report(5, { durationSeconds })
    pass(3)
    playback.release()
    pass(3)
    expect(playback.positionSeconds).toBeCloseTo(11, 6)
    expect(playback.durationSeconds).toBeUndefined()
  })

  it('begins again at the end, as exactly as if there had been no timer', () => {
    playback.durationSeconds = 40
    playback.seek(39)
    wallClock.advanceSeconds(1.25)
    vi.advanceTimersByTime(1250)
    expect(playback.positionSeconds).toBeCloseTo(0.25, 6)
    expect(playback.speed).toBe(1)
  })

  it('begins at the end again when it plays backwards over the beginning', () => {
    playback.durationSeconds = 40
    playback.seek(1)
    playback.setSpeed(-1)
    pass(1.5)
    expect(playback.positionSeconds).toBeCloseTo(39.5, 6)
  })

  it('runs on from a place outside the programme to which it was sought', () => {
    playback.durationSeconds = 40
    playback.seek(100)
    pass(5)
    expect(playback.positionSeconds).toBeCloseTo(105, 6)
  })

  it('adopts the position and speed of a page', () => {
    pass(1)
    expect(report(20, { speed: 2 })).toBe('used')
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(22, 6)
    expect(playback.isDriven).toBe(true)
  })

  it('does not follow the noise of readings below 2 ms', () => {
    report(20)
    const before = changes
    pass(1)
    expect(report(21.0019)).toBe('unchanged')
    expect(report(20.9981)).toBe('unchanged')
    expect(changes).toBe(before)
    expect(report(21.0021)).toBe('used')
    expect(changes).toBe(before + 1)
  })

  it('takes the position of a pause exactly', () => {
    report(20)
    pass(1)
    report(21.0015, { state: 'paused', speed: 0 })
    expect(playback.positionSeconds).toBeCloseTo(21.0015, 4)
    expect(report(21.0012, { state: 'paused', speed: 0 })).toBe('used')
    expect(playback.positionSeconds).toBeCloseTo(21.0012, 4)
  })

  it('takes a report for the time at which it was made', () => {
    const then = String(Math.round(wallClock.nanos))
    pass(0.5)
    report(20, { wallClockNanos: then })
    expect(playback.positionSeconds).toBeCloseTo(20.5, 6)
  })

  it('refuses a report of a page whose clock is wrong', () => {
    pass(60)
    expect(report(20, { wallClockNanos: '0' })).toBe('untimely')
    expect(report(20, { wallClockNanos: '9'.repeat(30) })).toBe('untimely')
    expect(playback.isDriven).toBe(false)
    expect(playback.positionSeconds).toBeCloseTo(60, 6)
  })

  it('goes on from the last report when the page has gone, without a jump', () => {
    report(20)
    pass(3)
    playback.release()
    expect(playback.isDriven).toBe(false)
    expect(playback.positionSeconds).toBeCloseTo(23, 6)
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(24, 6)
  })

  it('stays paused when a page that was paused has gone, and plays on after one that was loading', () => {
    report(20, { state: 'paused', speed: 0 })
    playback.release()
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(20, 6)
    report(30, { speed: 1 })
    report(30, { state: 'waiting', speed: 0 })
    playback.release()
    pass(1)
    expect(playback.positionSeconds).toBeCloseTo(31, 6)
  })

  it('lets the page restart the programme, and does it itself for a page that has stopped working', () => {
    report(39, { durationSeconds: 40 })
    pass(1.5)
    expect(playback.positionSeconds).toBeCloseTo(40.5, 6)
    pass(0.5)
    expect(playback.positionSeconds).toBeCloseTo(1, 6)
  })
})
