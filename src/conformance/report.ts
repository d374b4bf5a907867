import type { CheckRequest } from './check-request.js'
import type { Finding, Verdict } from './rule.js'
import type { Series } from './series.js'
import type { EndpointName } from './step.js'

/** The findings on one endpoint. */
export interface EndpointReport {
  readonly endpoint: EndpointName
  readonly url: string
  /** Why there are no findings. */
  readonly untested?: string
  readonly findings: readonly Finding[]
}

/** The result of a check. */
export interface CheckReport {
  readonly target: string
  readonly startedAt: Date
  /** How long the check took. */
  readonly seconds: number
  /** Whether violations of every severity fail. */
  readonly isStrict: boolean
  /** Whether rules could not be tried because the time was up. */
  readonly isIncomplete: boolean
  /** WebSockets that were open at once: allowed, and used. */
  readonly connections: { readonly max: number; readonly peak: number }
  readonly endpoints: readonly EndpointReport[]
  readonly series: Series
}

/** Of a television that could not be tested at all. */
export function untestedReport(request: CheckRequest, reason: string): CheckReport {
  const { target, descriptionUrl = '', connections = 0, strict = false } = request
  const endpoint = target === undefined ? 'discovery' : target.startsWith('udp:') ? 'wc' : 'cii'
  const url = target ?? descriptionUrl
  return {
    target: url,
    startedAt: new Date(),
    seconds: 0,
    isStrict: strict,
    isIncomplete: true,
    connections: { max: connections, peak: 0 },
    endpoints: [{ endpoint, url, untested: reason, findings: [] }],
    series: { wallClock: [], timeline: [] },
  }
}

/** The number of rules by verdict. */
export type Summary = Record<Verdict, number>

export function summarise({ endpoints }: Pick<CheckReport, 'endpoints'>): Summary {
  const summary: Summary = { pass: 0, fail: 0, warn: 0, skipped: 0 }
  for (const { verdict } of endpoints.flatMap(({ findings }) => findings)) summary[verdict] += 1
  return summary
}
