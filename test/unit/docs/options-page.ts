import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OptionType } from '../../../src/validation/index.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Options that are described together. */
export interface Section {
  readonly title: string
  readonly table: object
  /** The interfaces whose docstrings describe the options, as `path#Name`; the first that has an option counts. */
  readonly interfaces: readonly string[]
  readonly note?: string
}

/** The page `docs/options.md`, made of the tables by which options are checked and the docstrings of their interfaces. */
export function optionsPage(introduction: string, sections: readonly Section[]): string {
  const undescribed: string[] = []
  const page = [introduction.trim(), ...sections.map((section) => asText(section, undescribed))].join('\n\n')
  if (undescribed.length > 0) throw new Error(`expected docstrings of these options:\n${undescribed.join('\n')}`)
  return `${page}\n`
}

function asText({ title, table, interfaces, note }: Section, undescribed: string[]): string {
  const described = new Map(interfaces.flatMap(descriptionsOf).reverse())
  const rows = Object.entries(table as Record<string, OptionType<unknown>>).map(([name, type]) => {
    const text = described.get(name)
    if (text === undefined) undescribed.push(`${name} in ${interfaces.join(', ')}`)
    return `| \`${name}\` | ${cell(type.expected)} | ${cell(text ?? '')} |`
  })
  return [
    `## ${title}`,
    ...(note === undefined ? [] : ['', note]),
    '',
    '| option | must be | meaning and default |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** Each property of an interface with the sentences of its docstring. */
function descriptionsOf(source: string): [string, string][] {
  const [path = '', name = ''] = source.split('#')
  const code = readFileSync(join(ROOT, path), 'utf8')
  const start = code.search(new RegExp(`^(export )?interface ${name}\\b`, 'm'))
  if (start < 0) throw new Error(`expected an interface ${name} in ${path}`)
  const body = code.slice(start, code.indexOf('\n}', start))
  return [...body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(?:readonly )?(\w+)\??[:(]/g)].map(
    ([, text = '', option = '']) => [option, plain(text)],
  )
}

/** Without the marks of a docstring: its tags are for those who read the source. */
function plain(docstring: string): string {
  return docstring
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join(' ')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/@\w+[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim()
}
