import type { Choice } from './presentation.js'

/** What is kept on this device for the next visit. */
export interface DeviceSettings {
  /** What is followed. */
  readonly choice: Choice
  /** How much later media is seen and heard on this device than its player says. */
  readonly renderingLatencySeconds: number
  /** Whether other sound and subtitles come with the picture. */
  readonly withPicture: boolean
}

export const MAX_LATENCY_SECONDS = 0.5
const KEY = 'dvb-css-companion'
const DEFAULTS: DeviceSettings = { choice: 'programme', renderingLatencySeconds: 0, withPicture: false }

/** The settings of this device; the defaults where there are none, or storage is blocked. */
export function readSettings(): DeviceSettings {
  try {
    return settingsOf(JSON.parse(localStorage.getItem(KEY) ?? '{}'))
  } catch {
    return DEFAULTS
  }
}

/** Keeps the settings; if storage is blocked, they hold until the page is closed. */
export function writeSettings(settings: DeviceSettings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch {
    // Storage is blocked or full.
  }
}

/** The settings in what was stored, which another version of the page may have written. */
export function settingsOf(stored: unknown): DeviceSettings {
  const { choice, renderingLatencySeconds, withPicture } = {
    ...DEFAULTS,
    ...(stored as Partial<DeviceSettings> | null),
  }
  return {
    choice: typeof choice === 'string' ? choice : DEFAULTS.choice,
    renderingLatencySeconds: limitLatency(Number(renderingLatencySeconds)),
    withPicture: withPicture === true,
  }
}

/** The nearest latency that can be set. */
export function limitLatency(seconds: number): number {
  if (!Number.isFinite(seconds)) return 0
  return Math.min(Math.max(seconds, -MAX_LATENCY_SECONDS), MAX_LATENCY_SECONDS)
}
