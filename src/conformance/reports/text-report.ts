import { styleText } from 'node:util'
import { escapeUnsafe } from '../../validation/index.js'
import { type CheckReport, type Finding, summarise, type Verdict } from '../index.js'
import { ENDPOINT_NAMES, SEVERITY_WORDS } from './words.js'

const COLOURS = { pass: 'green', fail: 'red', warn: 'yellow', skipped: 'gray' } as const
const WORDS: Record<Verdict, string> = { pass: 'pass', fail: 'FAIL', warn: 'warn', skipped: 'skip' }
const INDENT = ' '.repeat(8)
const LABEL_WIDTH = 9
/** On a terminal, of the reason of a rule that passed or was skipped. */
const SHORT_REASON = 160
/** A longer word is hostile, and broken. */
const MAX_WORD = 500

interface TextOptions {
  readonly columns: number
  readonly isColoured: boolean
  /** Whether reasons that matter to nobody may be cut. */
  readonly isShort: boolean
}

/** For people: each rule, and for each violation the expected and the received value, and whom it harms. */
export function reportText(report: CheckReport, { columns, isColoured, isShort }: TextOptions): string {
  const paint = (verdict: Verdict, text: string) =>
    isColoured ? styleText(COLOURS[verdict], text, { validateStream: false }) : text
  const lines = report.endpoints.flatMap(({ endpoint, url, untested, findings }) => [
    ...wrapped(`${ENDPOINT_NAMES[endpoint]} ${url}`.trimEnd(), columns, INDENT),
    ...(untested === undefined ? [] : wrapped(`  not tested: ${untested}`, columns, INDENT)),
    ...findings.flatMap((finding) => {
      const word = WORDS[finding.verdict]
      const [first = '', ...others] = textOf(finding, columns, isShort)
      // The word is coloured last: text from the television is escaped first.
      return [first.replace(`  ${word}  `, `  ${paint(finding.verdict, word)}  `), ...others]
    }),
    '',
  ])
  const { pass, fail, warn, skipped } = summarise(report)
  const counts = `${pass} passed, ${fail} failed, ${warn} ${warn === 1 ? 'warning' : 'warnings'}, ${skipped} skipped`
  const incomplete = report.isIncomplete ? ['The time limit was reached before every rule could be tried.'] : []
  return [
    ...lines,
    ...incomplete,
    paint(fail === 0 ? 'pass' : 'fail', `${counts} in ${report.seconds.toFixed(1)} s`),
  ].join('\n')
}

function textOf(finding: Finding, columns: number, isShort: boolean): string[] {
  const { verdict, rule, title, source, severity, harm, reason, expected, got } = finding
  const head = `  ${WORDS[verdict]}  ${rule}  ${title}`
  if (expected === undefined || got === undefined) {
    const shown = isShort && reason.length > SHORT_REASON ? `${reason.slice(0, SHORT_REASON - 1)}…` : reason
    return wrapped(`${head}: ${shown}`, columns, INDENT)
  }
  const labelled = (label: string, text: string) =>
    wrapped(`${INDENT}${label.padEnd(LABEL_WIDTH)}${text}`, columns, INDENT + ' '.repeat(LABEL_WIDTH))
  return [
    ...wrapped(`${head} (${source})`, columns, INDENT),
    ...labelled('expected', expected),
    ...labelled('got', got),
    ...labelled(SEVERITY_WORDS[severity], harm),
  ]
}

/** Breaks a line between words. @param indent of the lines after the first */
function wrapped(text: string, columns: number, indent: string): string[] {
  const visible = escapeUnsafe(text)
  const start = /^ */.exec(visible)?.[0] ?? ''
  const lines: string[] = []
  let line = start
  let isEmpty = true
  for (const word of visible.slice(start.length).split(' ').flatMap(pieces)) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].map((each) => each.trimEnd())
}

function pieces(word: string): string[] {
  if (word.length <= MAX_WORD) return [word]
  return Array.from({ length: Math.ceil(word.length / MAX_WORD) }, (_, index) =>
    word.slice(index * MAX_WORD, (index + 1) * MAX_WORD),
  )
}
