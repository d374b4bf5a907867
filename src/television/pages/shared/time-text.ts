/** Seconds as `1:02:03`. */
export function timeText(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds))
  const minutes = String(Math.floor((whole % 3600) / 60)).padStart(2, '0')
  return `${seconds < 0 ? '−' : ''}${Math.floor(whole / 3600)}:${minutes}:${String(whole % 60).padStart(2, '0')}`
}

/** Seconds as `01:02:03.004`. */
export function timecode(seconds: number): string {
  const millis = Math.round(Math.abs(seconds) * 1000)
  const digits = (value: number, length = 2) => String(Math.floor(value)).padStart(length, '0')
  const clock = `${digits(millis / 3_600_000)}:${digits((millis / 60_000) % 60)}:${digits((millis / 1000) % 60)}`
  return `${seconds < 0 ? '−' : ''}${clock}.${digits(millis % 1000, 3)}`
}

/** Seconds as milliseconds with a sign: `+3.2 ms`. */
export function millisText(seconds: number | undefined): string {
  if (seconds === undefined) return '–'
  const millis = seconds * 1000
  const digits = Math.abs(millis) < 100 ? 1 : 0
  return `${millis < 0 ? '−' : '+'}${Math.abs(millis).toFixed(digits)} ms`
}
