import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ENDPOINT_NAMES } from '../../../src/conformance/reports/words.js'
import { FIELD_PRACTICE, type Rule } from '../../../src/conformance/rule.js'
import { RULES } from '../../../src/conformance/rules.js'
import type { EndpointName } from '../../../src/conformance/step.js'

const PAGE = new URL('../../../docs/check.md', import.meta.url)
/** What follows is made from the rules; `npm run docs:check` writes it. */
const MARK = '<!-- rules -->\n'

function section(name: EndpointName, rules: readonly Rule<never>[]): string {
  const rows = rules.map(({ id, severity, title, source, harm }) =>
    [`\`${id}\``, severity, `${title} (${source})`, harm].map(cell),
  )
  const head = ['rule', 'severity', 'requirement', 'whom a violation harms']
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return `### ${ENDPOINT_NAMES[name]}\n\n${[head, rule, ...rows].map(line).join('\n')}\n`
}

const cell = (text: string) => text.replaceAll('|', '\\|')

describe('docs/check.md', () => {
  it('lists every rule as the check has it', async () => {
    const [head] = readFileSync(PAGE, 'utf8').split(MARK)
    const sections = Object.entries(RULES).map(([name, rules]) => section(name as EndpointName, rules))
    await expect(`${head}${MARK}\n${sections.join('\n')}`).toMatchFileSnapshot('../../../docs/check.md')
  })

  it('calls faults only what violates a specification', () => {
    const rules: Rule<never>[] = Object.values(RULES).flat()
    expect(rules.filter(({ severity, source }) => severity === 'fault' && source === FIELD_PRACTICE)).toEqual([])
  })
})
