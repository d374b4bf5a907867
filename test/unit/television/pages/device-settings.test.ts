import { describe, expect, it } from 'vitest'
import { limitLatency, settingsOf } from '../../../../src/television/pages/companion/device-settings.js'

const DEFAULTS = { choice: 'programme', renderingLatencySeconds: 0, withPicture: false }

describe('the settings of a device', () => {
  it('are read as they were stored', () => {
    const settings = { choice: 'audio-de', renderingLatencySeconds: -0.12, withPicture: true }
    expect(settingsOf(JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })

  it.each([null, 3, 'text', [], {}, { choice: 1, renderingLatencySeconds: 'x', withPicture: 1 }])(
    'are the defaults for %j',
    (stored) => {
      expect(settingsOf(stored)).toEqual(DEFAULTS)
    },
  )

  it('limit the delay', () => {
    expect(limitLatency(3)).toBe(0.5)
    expect(limitLatency(-3)).toBe(-0.5)
    expect(limitLatency(Number.NaN)).toBe(0)
    expect(settingsOf({ renderingLatencySeconds: 9 }).renderingLatencySeconds).toBe(0.5)
  })
})
