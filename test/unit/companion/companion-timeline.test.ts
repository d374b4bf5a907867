import { describe, expect, it } from 'vitest'
import { pickTimeline } from '../../../src/companion/companion-timeline.js'
import type { TimelineOption } from '../../../src/messages/index.js'
import { tickRateOfSelector } from '../../../src/messages/index.js'

const option = (timelineSelector: string, unitsPerSecond: number, unitsPerTick = 1): TimelineOption => ({
  timelineSelector,
  timelineProperties: { unitsPerTick, unitsPerSecond },
})
const ANY = { timelineSelector: undefined, tickRate: undefined }
const asked = (timelineSelector: string, tickRate?: number) => ({ timelineSelector, tickRate })
const A = option('urn:a', 1000)
const B = option('urn:b', 30_000, 1001)

describe('without a requested timeline', () => {
  it('the first one offered is followed', () => {
    expect(pickTimeline({ timelines: [B, A] }, ANY, undefined)).toEqual({ selector: 'urn:b', tickRate: 30_000 / 1001 })
  })

  it('it is kept when others precede it, and when none is offered', () => {
    const current = { selector: 'urn:b', tickRate: 30_000 / 1001 }
    expect(pickTimeline({ timelines: [A, B] }, ANY, current)).toEqual(current)
    expect(pickTimeline({ timelines: [] }, ANY, current)).toEqual(current)
    expect(pickTimeline({ timelines: null }, ANY, current)).toEqual(current)
  })

  it('another one is followed when it is no longer offered', () => {
    const current = { selector: 'urn:gone', tickRate: 1 }
    expect(pickTimeline({ timelines: [A, B] }, ANY, current)).toEqual({ selector: 'urn:a', tickRate: 1000 })
  })

  it('its new tick rate is used', () => {
    expect(pickTimeline({ timelines: [A] }, ANY, { selector: 'urn:a', tickRate: 1 })?.tickRate).toBe(1000)
  })

  it('none is followed before one is offered', () => {
    expect(pickTimeline({}, ANY, undefined)).toBeUndefined()
  })
})

describe('a requested timeline', () => {
  it.each([
    ['offered', asked('urn:b'), 30_000 / 1001],
    ['offered, by the tick rate given', asked('urn:b', 7), 7],
    ['not offered, by the tick rate given', asked('urn:c', 7), 7],
    ['not offered, by the selector', asked('urn:dvb:css:timeline:pts'), 90_000],
    ['not offered, by the selector of a DASH period', asked('urn:dvb:css:timeline:mpd:period:rel:48000:p1'), 48_000],
  ])('is followed when it is %s', (_name, wishes, tickRate) => {
    const { timelineSelector: selector } = wishes
    expect(pickTimeline({ timelines: [A, B] }, wishes, undefined)).toEqual({ selector, tickRate })
  })

  it('is not followed while its tick rate is unknown', () => {
    expect(pickTimeline({ timelines: [A] }, asked('urn:c'), undefined)).toBeUndefined()
  })

  it('keeps its tick rate when it is no longer offered', () => {
    const current = { selector: 'urn:a', tickRate: 1000 }
    expect(pickTimeline({ timelines: [B] }, asked('urn:a'), current)).toEqual(current)
  })
})

describe('the tick rate of a selector', () => {
  it.each([
    ['urn:dvb:css:timeline:mpd:period:rel:1000', 1000],
    ['urn:dvb:css:timeline:mpd:period:rel:0', undefined],
    ['urn:dvb:css:timeline:mpd:period:rel:1000x', undefined],
    ['urn:dvb:css:timeline:temi:1:2', undefined],
    ['urn:dvb:css:timeline:ct', undefined],
  ])('%s is %s', (selector, rate) => {
    expect(tickRateOfSelector(selector)).toBe(rate)
  })
})
