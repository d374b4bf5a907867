import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pack, pathsIn, ROOT, sourcesOf } from './pack.js'

describe('the packed package', () => {
  let folder = ''
  let files: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastify-dvbcss-pack-'))
    files = await pack(folder)
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  const modules = () => files.filter((path) => /^(src|plugins)\/.*\.ts$/.test(path))

  it('says what it is, what it may be used for and what has changed', () => {
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']))
  })

  it('holds every file that package.json points to', async () => {
    const { exports, types, bin } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const paths = [exports, types, bin].flatMap(pathsIn)
    expect(paths.length).toBeGreaterThan(3)
    expect(paths.filter((path) => !files.includes(path))).toEqual([])
  })

  it('holds for every module its code, its declarations and a map of each', () => {
    const expected = modules().flatMap((path) => {
      const built = `dist/${path.replace(/\.ts$/, '')}`
      return [`${built}.js`, `${built}.js.map`, `${built}.d.ts`, `${built}.d.ts.map`]
    })
    expect(expected.length).toBeGreaterThan(100)
    expect(expected.filter((path) => !files.includes(path))).toEqual([])
  })

  it('holds every source that its maps point to', async () => {
    const maps = files.filter((path) => path.endsWith('.map'))
    const sources = (await Promise.all(maps.map(sourcesOf))).flat()
    expect(sources.length).toBeGreaterThanOrEqual(maps.length)
    expect([...new Set(sources)].filter((path) => !files.includes(path))).toEqual([])
  })

  it('holds nothing else: no tests, measurements, settings or leftovers', () => {
    const known =
      /^((dist\/)?(src|plugins)\/.*\.(js|d\.ts|js\.map|d\.ts\.map|ts)|docs\/.*\.(md|png|svg)|(package\.json|README\.md|LICENSE|CHANGELOG\.md))$/
    expect(
      files.filter((path) => !known.test(path) || /(^|\/)(test|bench|node_modules)\/|\.test\./.test(path)),
    ).toEqual([])
  })
})
