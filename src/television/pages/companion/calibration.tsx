import { MAX_LATENCY_SECONDS } from './device-settings.js'
import type { Follow } from './follow.js'

const MOST_MILLIS = MAX_LATENCY_SECONDS * 1000

/** Sets the delay of this device's own loudspeaker and screen. */
export function Calibration({ follow }: { readonly follow: Follow }) {
  const millis = Math.round(follow.settings.value.renderingLatencySeconds * 1000)
  const set = (text: string) => {
    const value = Number(text)
    if (text !== '' && Number.isFinite(value)) follow.change({ renderingLatencySeconds: value / 1000 })
  }
  return (
    <details class="panel calibration">
      <summary>
        Delay of this device <span class="number">{millis} ms</span>
      </summary>
      <p class="muted" id="calibration-help">
        Loudspeakers, above all wireless ones, and screens are late by a time that no browser knows. If this device is
        behind the television although it is “in step”, move to the right until both agree; if it is ahead, to the left.
        The value is kept on this device.
      </p>
      <input
        type="range"
        aria-label="Delay of this device in milliseconds"
        aria-describedby="calibration-help"
        min={-MOST_MILLIS}
        max={MOST_MILLIS}
        step={5}
        value={millis}
        onInput={(event) => set(event.currentTarget.value)}
      />
      <div class="row muted scale" aria-hidden="true">
        <span>−{MOST_MILLIS}</span>
        <span>0</span>
        <span>+{MOST_MILLIS}</span>
      </div>
      <div class="row">
        <label class="row">
          Exactly
          <input
            type="number"
            aria-describedby="calibration-help"
            min={-MOST_MILLIS}
            max={MOST_MILLIS}
            step={1}
            value={millis}
            onChange={(event) => set(event.currentTarget.value)}
          />
          ms
        </label>
        <button type="button" disabled={millis === 0} onClick={() => follow.change({ renderingLatencySeconds: 0 })}>
          Reset
        </button>
      </div>
    </details>
  )
}
