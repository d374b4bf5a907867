import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { proseOf, ROOT, readPages } from './markdown.js'

const page = readPages().find(({ path }) => path === 'docs/architecture.md')
const prose = page === undefined ? '' : proseOf(page)

describe('docs/architecture.md', () => {
  it('names files and folders that exist', () => {
    const named = [...prose.matchAll(/`((?:src|plugins)(?:\/[\w./-]+)?)`/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('names functions that the files beside them have', () => {
    const named = [...prose.matchAll(/`(\w+)`\s+(?:in|of)\s+`([\w./-]+\.ts)`/g)]
    expect(named.length).toBeGreaterThan(10)
    const missing = named.filter(([, name = '', file = '']) => {
      return !new RegExp(`\\b${name}\\b`).test(readFileSync(join(ROOT, file), 'utf8'))
    })
    expect(missing.map(([text]) => text)).toEqual([])
  })
})
