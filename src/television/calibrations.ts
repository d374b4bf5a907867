import { withoutMapping } from '../validation/index.js'
import type { PageClient } from './page-client.js'
import type { CompanionReport } from './protocol/index.js'

/** A device whose delay is this large is rare, and a mistake is not. */
const LARGE_SECONDS = 0.1

/** Adds to the companions what their pages have said of their calibration. A page and a companion of one address and browser are one. */
export function withCalibrations(
  companions: readonly CompanionReport[],
  pages: Iterable<PageClient>,
): readonly CompanionReport[] {
  const known = new Map<string, number>()
  for (const { connection, calibrationSeconds } of pages) {
    if (calibrationSeconds === undefined) continue
    const { remoteAddress, handshake } = connection
    const key = keyOf(remoteAddress, String(handshake.headers['user-agent'] ?? ''))
    // Of several tabs of one browser, the one that is furthest off.
    if (Math.abs(calibrationSeconds) >= Math.abs(known.get(key) ?? 0)) known.set(key, calibrationSeconds)
  }
  if (known.size === 0) return companions
  return companions.map((companion) => {
    const seconds = known.get(keyOf(companion.remoteAddress, companion.userAgent ?? ''))
    if (seconds === undefined) return companion
    const problems =
      Math.abs(seconds) < LARGE_SECONDS ? companion.problems : [...companion.problems, problemOf(seconds)]
    return { ...companion, calibrationSeconds: seconds, problems }
  })
}

function problemOf(seconds: number): string {
  const millis = Math.round(Math.abs(seconds) * 1000)
  return `Its calibration makes it play ${millis} ms ${seconds > 0 ? 'early' : 'late'}, which is right only for a device with that delay.`
}

function keyOf(remoteAddress: string, userAgent: string): string {
  return `${withoutMapping(remoteAddress)} ${userAgent}`
}
