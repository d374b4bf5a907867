import type { Measurement } from '../index.js'

const NANOS = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
] as const

/** A measurement for people: `0.419 ms`. */
export function measurementText({ value, unit }: Measurement): string {
  if (unit === 'count') return `${value}`
  if (unit === 'ppm') return `${value.toFixed(1)} ppm`
  if (unit === 'ticks' || unit === '1/s') return `${value} ${unit}`
  return durationText(unit === 's' ? value * 1e9 : value)
}

function durationText(nanos: number): string {
  const [size, unit] = NANOS.find(([each]) => Math.abs(nanos) >= each) ?? [1, 'ns']
  const text = (nanos / size).toPrecision(4)
  return `${text.includes('e') ? nanos / size : text} ${unit}`
}
