import { styleText } from 'node:util'
import { jsonLine, visibleLine } from '../validation/index.js'
import type { Finding, Verdict } from './rule.js'
import type { EndpointReport } from './run-check.js'

/** The number of rules by verdict. */
export type Summary = Record<Verdict, number>

export function summarise(reports: readonly EndpointReport[]): Summary {
  const summary: Summary = { pass: 0, fail: 0, warn: 0, skipped: 0 }
  for (const { verdict } of reports.flatMap(({ findings }) => findings)) summary[verdict] += 1
  return summary
}

const NAMES = { cii: 'CSS-CII', ts: 'CSS-TS', wc: 'CSS-WC' }
const COLOURS = { pass: 'green', fail: 'red', warn: 'yellow', skipped: 'gray' } as const
const WORDS: Record<Verdict, string> = { pass: 'pass', fail: 'FAIL', warn: 'warn', skipped: 'skip' }
const RULE_WIDTH = 33
/** The JSON report has the full text. */
const REASON_WIDTH = 80

/** For people: a line for each rule, and for each violation the expected and the received value. */
export function reportText(reports: readonly EndpointReport[], coloured: boolean): string {
  const paint = (verdict: Verdict, text: string) =>
    coloured ? styleText(COLOURS[verdict], text, { validateStream: false }) : text
  const lines = reports.flatMap(({ endpoint, url, untested, incomplete, findings }) => [
    visibleLine(`${NAMES[endpoint]} ${url}`.trimEnd()),
    ...(untested === undefined ? [] : [visibleLine(`  not tested: ${untested}`)]),
    ...(incomplete === undefined ? [] : [visibleLine(`  incomplete: ${incomplete}`)]),
    ...findings.flatMap((finding) => {
      const word = WORDS[finding.verdict]
      // The word is coloured last: text from the television is escaped first.
      return textOf(finding).map((line) =>
        visibleLine(line).replace(`  ${word}  `, `  ${paint(finding.verdict, word)}  `),
      )
    }),
    '',
  ])
  const { pass, fail, warn, skipped } = summarise(reports)
  const verdict = fail === 0 ? 'pass' : 'fail'
  const counts = `${pass} passed, ${fail} failed, ${warn} ${warn === 1 ? 'warning' : 'warnings'}, ${skipped} skipped`
  return [...lines, paint(verdict, counts)].join('\n')
}

function textOf({ verdict, rule, title, source, reason, expected, got }: Finding): string[] {
  const head = `  ${WORDS[verdict]}  ${rule.padEnd(RULE_WIDTH)}`
  if (expected === undefined || got === undefined)
    return [`${head} ${title}: ${reason.length <= REASON_WIDTH ? reason : `${reason.slice(0, REASON_WIDTH - 1)}…`}`]
  return [`${head} ${title} (${source})`, `          expected ${expected}`, `          got      ${got}`]
}

/** For programs: one JSON object per rule and line, and the counts in the last line. */
export function reportJson(reports: readonly EndpointReport[], exitCode: number): string {
  const lines = reports.flatMap(({ endpoint, url, untested, incomplete, findings }) => [
    ...(untested === undefined ? [] : [{ endpoint, url, untested }]),
    ...(incomplete === undefined ? [] : [{ endpoint, url, incomplete }]),
    ...findings.map((finding) => ({ endpoint, url, ...finding })),
  ])
  return [...lines, { summary: summarise(reports), exitCode }].map(jsonLine).join('\n')
}
