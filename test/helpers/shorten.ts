import { afterAll, beforeAll } from 'vitest'
import { DEFAULTS } from '../../src/server/endpoint/index.js'

type ShortenableTime = 'closeTimeoutSeconds' | 'closeReportAfterSeconds' | 'unroutedUpgradeTimeoutSeconds'

/** Shortens times of the servers that users cannot set, for all tests of a file or `describe`, so that none waits for seconds. */
export function shorten(times: Partial<Record<ShortenableTime & keyof typeof DEFAULTS, number>>) {
  const before = { ...DEFAULTS }
  beforeAll(() => void Object.assign(DEFAULTS, times))
  afterAll(() => void Object.assign(DEFAULTS, before))
}
