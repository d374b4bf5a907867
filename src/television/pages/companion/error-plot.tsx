import { useEffect, useState } from 'preact/hooks'
import type { Follow } from './follow.js'

const SECONDS = 60
const WIDTH = 300
const HEIGHT = 80
/** The plot shows at least ± this. */
const LEAST_RANGE_SECONDS = 0.02

interface Point {
  readonly at: number
  readonly errorSeconds: number
}

/** The error of the last minute. */
export function ErrorPlot({ follow }: { readonly follow: Follow }) {
  const [points, setPoints] = useState<readonly Point[]>([])
  const measurement = follow.measurement.value
  useEffect(() => {
    const { errorSeconds } = measurement
    const at = performance.now() / 1000
    setPoints((before) => {
      const recent = before.filter((point) => at - point.at <= SECONDS)
      return errorSeconds === undefined ? recent : [...recent, { at, errorSeconds }]
    })
  }, [measurement])
  const now = points.at(-1)?.at ?? 0
  const largest = Math.max(LEAST_RANGE_SECONDS, ...points.map(({ errorSeconds }) => Math.abs(errorSeconds)))
  const range = roundUp(largest)
  const x = (at: number) => WIDTH - ((now - at) / SECONDS) * WIDTH
  const y = (seconds: number) => HEIGHT / 2 - (seconds / range) * (HEIGHT / 2 - 2)
  return (
    <figure>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Error of the last minute"
      >
        <rect class="band" x={0} width={WIDTH} y={y(0.01)} height={y(-0.01) - y(0.01)} />
        <line class="zero" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
        <polyline
          points={points.map(({ at, errorSeconds }) => `${x(at).toFixed(1)},${y(errorSeconds).toFixed(1)}`).join(' ')}
        />
      </svg>
      <figcaption class="muted">
        Error of the last minute, ± {Number((range * 1000).toFixed(0))} ms; the band is ± 10 ms
      </figcaption>
    </figure>
  )
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10)
}
