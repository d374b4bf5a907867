/** A duration that has passed, in its largest unit: `4 s`, `12 min`, `3 h`. */
export function durationText(millis: number): string {
  const seconds = Math.max(0, millis) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

export function agoText(at: number): string {
  return `${durationText(Date.now() - at)} ago`
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** The time of the day, with milliseconds. */
export function clockText(at: number): string {
  const date = new Date(at)
  const digits = (value: number, length = 2) => String(value).padStart(length, '0')
  return `${digits(date.getHours())}:${digits(date.getMinutes())}:${digits(date.getSeconds())}.${digits(date.getMilliseconds(), 3)}`
}
