import { escapeUnsafe, visible } from './visible-text.js'

/** Characters of one line for people. */
const MAX_LINE = 1000
/** Lines that one message of a server may become. */
const MAX_LINES = 200

/** Characters of one string in a line of JSON, and of the whole line. Honest ones have a few hundred. */
const MAX_JSON_STRING = 4096
const MAX_SHORT_JSON_STRING = 256
const MAX_JSON_LINE = 65_536

/** One line of text from a server: it cannot command the terminal, and is not longer than a screen. */
export function visibleLine(text: string): string {
  return visible(text, MAX_LINE)
}

/** Lines of text from a server, without line breaks of its making. */
export function visibleLines(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map(visibleLine)
  return lines.length <= MAX_LINES ? shown : [...shown, `… ${lines.length - MAX_LINES} more lines`]
}

/**
 * An object as one line of JSON that cannot command the terminal and parses to the same values. Times that are bigint
 * become strings. A string that no honest server sends is cut, with an ellipsis; where the line is still too long, the
 * lists and objects are left out, and named in `truncated`.
 */
export function jsonLine(record: object): string {
  const line = bounded(record, MAX_JSON_STRING)
  if (line.length <= MAX_JSON_LINE) return line
  const isNested = ([, value]: [string, unknown]) => typeof value === 'object' && value !== null
  const entries = Object.entries(record)
  const truncated = entries.filter(isNested).map(([name]) => name)
  const flat = Object.fromEntries(entries.filter((entry) => !isNested(entry)))
  return bounded({ ...flat, truncated }, MAX_SHORT_JSON_STRING)
}

function bounded(record: object, maxString: number): string {
  const text = JSON.stringify(record, (_key, value: unknown) => {
    const plain = typeof value === 'bigint' ? `${value}` : value
    return typeof plain === 'string' && plain.length > maxString ? `${plain.slice(0, maxString - 1)}…` : plain
  })
  return escapeUnsafe(text)
}
