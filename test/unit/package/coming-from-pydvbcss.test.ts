import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Names that JavaScript brings. */
const STANDARD = new Set(['AbortSignal', 'Infinity', 'Map'])

const sources = ['src', 'plugins'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => read(join(folder, path))),
)
const code = sources.join('\n')
const published = ['plugins/index.ts', 'src/api/client-node.ts', 'src/api/clocks.ts', 'src/api/messages.ts']
  .map(read)
  .join('\n')

/** What the middle column of each table says is here. */
const named = read('docs/coming-from-pydvbcss.md')
  .split('\n')
  .map((line) => line.split(' | '))
  .filter((cells) => cells.length >= 3)
  .flatMap(([, here = '']) => [...here.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))

describe('the page for those who come from pydvbcss', () => {
  it('names only classes and types that the package exports', () => {
    const classes = new Set(named.filter((name) => /^[A-Z][A-Za-z]+$/.test(name) && !STANDARD.has(name)))
    expect(classes.size).toBeGreaterThan(40)
    const isExported = (name: string) => new RegExp(`\\b${name}\\b`).test(published)
    expect([...classes].filter((name) => !isExported(name))).toEqual([])
  })

  it('names only functions, methods and properties that there are', () => {
    const members = named.flatMap((name) => /^(?:\w+\.)?([a-z]\w+)(?:\(.*\))?$/.exec(name)?.[1] ?? [])
    expect(members.length).toBeGreaterThan(100)
    const missing = members.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))
    expect(missing.filter((name) => !['structuredClone', 'stringify', 'keys'].includes(name))).toEqual([])
  })
})
