import type { Follow } from './follow.js'

const MOST_MILLIS = 500

/** Sets the delay of this device's own loudspeaker and screen. */
export function Calibration({ follow }: { readonly follow: Follow }) {
  const millis = Math.round(follow.calibrationSeconds.value * 1000)
  const set = (text: string) => {
    const value = Number(text)
    if (text !== '' && Number.isFinite(value))
      follow.calibrate(Math.min(Math.max(value, -MOST_MILLIS), MOST_MILLIS) / 1000)
  }
  return (
    <details class="panel calibration">
      <summary>
        Calibration <span class="number muted">{millis} ms</span>
      </summary>
      <p class="muted">
        Loudspeakers, above all wireless ones, and screens are late by a time of their own, which no browser tells. If
        this device is behind the television although the error is small, move to the right until the two agree. It is
        kept on this device.
      </p>
      <div class="row">
        <input
          type="range"
          aria-label="Delay of this device in milliseconds"
          min={-MOST_MILLIS}
          max={MOST_MILLIS}
          step={5}
          value={millis}
          onInput={(event) => set(event.currentTarget.value)}
        />
        <input
          type="number"
          aria-label="Delay of this device in milliseconds, as a number"
          min={-MOST_MILLIS}
          max={MOST_MILLIS}
          step={1}
          value={millis}
          onChange={(event) => set(event.currentTarget.value)}
        />
        <button type="button" disabled={millis === 0} onClick={() => follow.calibrate(0)}>
          Reset
        </button>
      </div>
    </details>
  )
}
