/** `0:01:40.123`: hours, minutes, seconds; negative before the start of the timeline. */
export function clockText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--:--.---'
  const millis = Math.round(Math.abs(seconds) * 1000)
  const part = (unit: number, of: number): string => `${Math.floor(millis / unit) % of}`
  const sign = seconds < 0 && millis > 0 ? '-' : ''
  const hours = Math.floor(millis / 3_600_000)
  return `${sign}${hours}:${part(60_000, 60).padStart(2, '0')}:${part(1000, 60).padStart(2, '0')}.${part(1, 1000).padStart(3, '0')}`
}

/** `0.123 ms`. */
export function millisText(seconds: number | undefined): string {
  return seconds !== undefined && Number.isFinite(seconds) ? `${(seconds * 1000).toFixed(3)} ms` : '- ms'
}

/** `+12.345678 s`: signed, to the microsecond. */
export function offsetText(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '- s'
  const text = Math.abs(seconds).toFixed(6)
  return `${seconds < 0 && Number(text) !== 0 ? '-' : '+'}${text} s`
}

/** `12:34:56.789`, the time of day. */
export function timeOfDay(date: Date = new Date()): string {
  return date.toTimeString().slice(0, 8) + date.toISOString().slice(19, 23)
}
