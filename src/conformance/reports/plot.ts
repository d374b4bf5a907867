import { escapeMarkup } from './markup.js'

/** A point of a plot; with a bound, the value may be as far off as that. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly bound?: number
}

/** What a plot shows. The x axis is the time in seconds. */
export interface Plot {
  readonly title: string
  readonly unit: string
  /** What can be read from it. */
  readonly note: string
  readonly points: readonly Point[]
  /** Whether values below 0 make no sense. */
  readonly isFromZero?: boolean
}

const WIDTH = 720
const HEIGHT = 220
const LEFT = 70
const RIGHT = 12
const TOP = 10
const BOTTOM = 34
/** More would only make the file large. */
const MAX_POINTS = 1200
const TICKS = 5

/** A scatter plot as inline SVG, coloured by the style sheet of the page. */
export function plotSvg({ title, unit, points: all, isFromZero = false }: Plot): string {
  const points = thinned(all)
  const xs = scale([0, ...points.map(({ x }) => x)], LEFT, WIDTH - RIGHT)
  const ys = scale(
    [...(isFromZero ? [0] : []), ...points.flatMap(({ y, bound = 0 }) => [y - bound, y + bound])],
    HEIGHT - BOTTOM,
    TOP,
  )
  const marks = points.map(({ x, y, bound }) => {
    const at = `${round(xs.to(x))}`
    const bar =
      bound === undefined
        ? ''
        : `<path class="bound" d="M${at} ${round(ys.to(y - bound))}V${round(ys.to(y + bound))}"/>`
    return `${bar}<circle class="point" cx="${at}" cy="${round(ys.to(y))}" r="2"/>`
  })
  const grid = ys.ticks.map((value) => {
    const at = round(ys.to(value))
    return (
      `<path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/>` +
      `<text class="label" x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${number(value, ys.step)}</text>`
    )
  })
  const times = xs.ticks.map((value) => {
    const at = round(xs.to(value))
    return `<text class="label" x="${at}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${number(value, xs.step)}</text>`
  })
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(title)}">` +
    `${grid.join('')}${times.join('')}` +
    `<path class="axis" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}"/>${marks.join('')}` +
    `<text class="label" x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">seconds</text>` +
    `<text class="label" x="${LEFT - 8}" y="${HEIGHT - 4}" text-anchor="end">${escapeMarkup(unit)}</text></svg>`
  )
}

interface Scale {
  readonly ticks: readonly number[]
  readonly step: number
  to(value: number): number
}

/** Maps values to pixels, and chooses round numbers for the ticks. */
function scale(values: readonly number[], from: number, to: number): Scale {
  let low = Math.min(...values)
  let high = Math.max(...values)
  if (!(high > low)) {
    const around = Math.abs(low) > 0 ? Math.abs(low) / 2 : 1
    low -= around
    high += around
  }
  const rough = (high - low) / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const count = Math.max(0, Math.floor(high / step) - first) + 1
  const ticks = Array.from({ length: count }, (_, index) => (first + index) * step)
  return { ticks, step, to: (value) => from + ((value - low) / (high - low)) * (to - from) }
}

/** The lowest and the highest of each slice of the time, so that no outlier is lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MAX_POINTS) return points
  const size = Math.ceil(points.length / (MAX_POINTS / 2))
  const kept: Point[] = []
  for (let start = 0; start < points.length; start += size) {
    const slice = points.slice(start, start + size).sort((a, b) => a.y - b.y)
    kept.push(...new Set([slice[0], slice.at(-1)].filter((point) => point !== undefined)))
  }
  return kept
}

function number(value: number, step: number): string {
  const digits = Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)))
  // Without a minus before zero.
  return (Math.abs(value) < step / 2 ? 0 : value).toFixed(digits)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
