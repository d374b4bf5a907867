import { jsonLine } from '../../validation/index.js'
import { type CheckReport, summarise } from '../index.js'

/** For programs: the check in the first line, then one JSON object per rule and line, and the counts in the last line. */
export function reportJson(report: CheckReport, { version, exitCode }: { version: string; exitCode: number }): string {
  const { target, startedAt, seconds, isStrict, isIncomplete, connections, endpoints } = report
  const lines = endpoints.flatMap(({ endpoint, url, untested, findings }) => [
    ...(untested === undefined ? [] : [{ endpoint, url, untested }]),
    ...findings.map(({ measurements = [], ...finding }) => ({ endpoint, url, ...finding, measurements })),
  ])
  const head = { check: target, version, startedAt: startedAt.toISOString(), strict: isStrict, connections }
  const end = { summary: summarise(report), incomplete: isIncomplete, seconds, exitCode }
  return [head, ...lines, end].map(jsonLine).join('\n')
}
