import { type ErrorReading, HISTORY_SECONDS, piecesOf, rangeOf } from './error-history.js'

const WIDTH = 300
const HEIGHT = 80
/** Within this the media counts as in step. */
const BAND_SECONDS = 0.01

interface Props {
  readonly history: readonly ErrorReading[]
  /** The moment at the right edge. */
  readonly now: number
}

/** The error of the last minute. */
export function ErrorPlot({ history, now }: Props) {
  const range = rangeOf(history)
  const x = (at: number) => WIDTH - ((now - at) / HISTORY_SECONDS) * WIDTH
  const y = (seconds: number) => (HEIGHT / 2) * (1 - Math.min(Math.max(seconds / range, -1), 1))
  const point = ({ at, errorSeconds }: ErrorReading) => `${x(at).toFixed(1)},${y(errorSeconds).toFixed(1)}`
  const millis = Number((range * 1000).toFixed(0))
  return (
    <figure class="error-plot">
      <p class="muted" aria-hidden="true">
        +{millis} ms, ahead
      </p>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Error of the last minute, from −${millis} to +${millis} milliseconds`}
      >
        <rect class="band" x={0} width={WIDTH} y={y(BAND_SECONDS)} height={y(-BAND_SECONDS) - y(BAND_SECONDS)} />
        <line class="zero" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
        {piecesOf(history).map((piece) => (
          <polyline key={piece[0]?.at} points={piece.map(point).join(' ')} />
        ))}
      </svg>
      <figcaption class="muted">
        <span>−{millis} ms, behind</span>
        <span>last minute</span>
      </figcaption>
    </figure>
  )
}
