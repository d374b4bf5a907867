import { describe, expect, it } from 'vitest'
import { PlaybackControls } from '../../../../src/companion/media/playback-controls.js'

function player() {
  return {
    currentTime: 0,
    playbackRate: 1,
    preservesPitch: true,
    paused: false,
    play: async () => {},
    pause: () => {},
  }
}

describe('the controls of a player', () => {
  it.each([0.01, 0.002, 0.001, 0.0001])('make a change of one step of %d, up and down from any rate', (rateStep) => {
    for (const rate of [0.5, 1, 2]) {
      for (const changed of [rate * (1 + rateStep), rate * (1 - rateStep)]) {
        const media = player()
        const controls = new PlaybackControls(media, { preservePitch: false, rateStep }, () => {})
        controls.take()
        controls.setRate(rate, 0)
        expect(controls.setRate(changed, 1)).toBe('set')
        expect(media.playbackRate).toBe(changed)
        expect(controls.setRate(changed + rateStep / 100, 2)).toBe('kept')
      }
    }
  })

  it('keep the pitch at other speeds, drop it near normal speed, and restore it in the end', () => {
    const media = player()
    const controls = new PlaybackControls(media, { preservePitch: false, rateStep: 0.01 }, () => {})
    controls.take()
    controls.setRate(1.02, 0)
    expect(media.preservesPitch).toBe(false)
    controls.setRate(2, 1)
    expect(media.preservesPitch).toBe(true)
    controls.setRate(1, 2)
    controls.letGo()
    expect(media.preservesPitch).toBe(true)
  })

  it('leave the pitch alone where the app wants it kept, or did not keep it before', () => {
    const kept = player()
    const controls = new PlaybackControls(kept, { preservePitch: true, rateStep: 0.01 }, () => {})
    controls.take()
    controls.setRate(1.02, 0)
    expect(kept.preservesPitch).toBe(true)
    const free = { ...player(), preservesPitch: false }
    const others = new PlaybackControls(free, { preservePitch: false, rateStep: 0.01 }, () => {})
    others.take()
    others.setRate(2, 0)
    others.letGo()
    expect(free.preservesPitch).toBe(false)
  })
})
