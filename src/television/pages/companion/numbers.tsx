import { millisText, timecode } from '../shared/index.js'
import { ErrorPlot } from './error-plot.js'
import type { Follow } from './follow.js'

/** How well the page follows, for engineers. */
export function Numbers({ follow }: { readonly follow: Follow }) {
  const { positionSeconds, speed, errorSeconds, boundSeconds, roundTripSeconds, follower, playerName, history, at } =
    follow.measurement.value
  const entries: readonly (readonly [name: string, value: string])[] = [
    ['Error', millisText(errorSeconds)],
    ['Clock error bound', boundSeconds === undefined ? '–' : `± ${unsigned(boundSeconds)}`],
    ['Round trip', unsigned(roundTripSeconds)],
    ['Position', positionSeconds === undefined ? '–' : timecode(positionSeconds)],
    ['Television speed', speed === undefined ? '–' : `${String(Number(speed.toFixed(3))).replace('-', '−')} ×`],
    ['Playback rate', follower?.rate === undefined ? '–' : `${follower.rate.toFixed(3)} ×`],
    ['Player', playerName ?? '–'],
    ['Seeks', String(follower?.seeks ?? 0)],
    ['Rate changes', String(follower?.rateChanges ?? 0)],
  ]
  const limits = follower?.limits ?? []
  return (
    <section class="panel numbers" aria-labelledby="numbers">
      <h2 id="numbers">Measurements</h2>
      <ErrorPlot history={history} now={at / 1000} />
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
      {limits.length > 0 && <p class="muted">Limits of this browser’s player: {limits.join(', ')}</p>}
    </section>
  )
}

function unsigned(seconds: number | undefined): string {
  return seconds === undefined ? '–' : `${(seconds * 1000).toFixed(1)} ms`
}
