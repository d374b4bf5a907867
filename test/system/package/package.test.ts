import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pack, pathsIn, ROOT, relativeLinksOf, sourcesOf } from './pack.js'

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

  it('holds the declarations of every module, with a map', () => {
    const expected = modules().flatMap((path) => {
      const built = `dist/${path.replace(/\.ts$/, '')}`
      return [`${built}.d.ts`, `${built}.d.ts.map`]
    })
    expect(expected.length).toBeGreaterThan(100)
    expect(expected.filter((path) => !files.includes(path))).toEqual([])
  })

  it('holds the code that its entries and the wall clock worker import, with maps, and no other', async () => {
    const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const reached = new Set([
      'dist/plugins/wall-clock-worker.js',
      ...pathsIn(exports).filter((path) => /\.js$/.test(path)),
    ])
    for (const path of reached) {
      const code = await readFile(join(ROOT, path), 'utf8')
      for (const [, specifier = ''] of code.matchAll(
        /^(?:import|export|\}) ?(?:[^'"\n]*\bfrom ?)?["'](\.[^"'\n]+)["']/gm,
      )) {
        reached.add(join(path, '..', specifier))
      }
      for (const [, specifier = ''] of code.matchAll(/\bimport\(["'](\.[^"']+)["']\)/g)) {
        reached.add(join(path, '..', specifier))
      }
    }
    const published = files.filter((path) => /^dist\/(?!cli\/|pages\/).*\.js$/.test(path))
    expect(published.toSorted()).toEqual([...reached].toSorted())
    const ours = published.filter((path) => !path.startsWith('dist/libraries/'))
    expect(ours.filter((path) => !files.includes(`${path}.map`))).toEqual([])
  })

  it('holds every source that its maps point to', async () => {
    const maps = files.filter((path) => path.endsWith('.map'))
    const sources = (await Promise.all(maps.map(sourcesOf))).flat()
    expect(sources.length).toBeGreaterThanOrEqual(maps.length)
    expect([...new Set(sources)].filter((path) => !files.includes(path))).toEqual([])
  })

  it('holds the command as a bundle, with the licences of the packages in it', async () => {
    expect(files.filter((path) => /^(dist\/)?src\/cli\//.test(path))).toEqual([])
    const { dependencies, peerDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const installed = Object.keys({ ...dependencies, ...peerDependencies })
    const bundles = files.filter((path) => /^dist\/cli\/.*\.js$/.test(path))
    const code = (await Promise.all(bundles.map((path) => readFile(join(ROOT, path), 'utf8')))).join('\n')
    const imported = [...code.matchAll(/^import\b[^'"\n]*["']([^'"\n.][^'"\n]*)["']/gm)].map(([, name = '']) =>
      name.split('/', name.startsWith('@') ? 2 : 1).join('/'),
    )
    expect(imported).toContain('fastify')
    expect(imported.filter((name) => !isBuiltin(name) && !installed.includes(name))).toEqual([])
    const licences = await readFile(join(ROOT, 'dist/cli/THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const name of ['commander', 'pino-pretty'])
      expect(licences).toMatch(new RegExp(`^== ${name} .*\\(MIT\\)\n\n`, 'm'))
  })

  it('holds the pages of the television as bundles, with the licences of the packages in them', async () => {
    for (const page of ['tv', 'companion', 'control']) {
      const parts = [`${page}.html`, `${page}.js`, `${page}-style.css`].map((name) => `dist/pages/${name}`)
      expect(files).toEqual(expect.arrayContaining(parts))
      expect(await readFile(join(ROOT, `dist/pages/${page}.js`), 'utf8')).not.toMatch(/^import\b|\bfrom\s*["']/m)
    }
    const licences = async (folder: string) => readFile(join(ROOT, `dist/${folder}/THIRD-PARTY-LICENSES.txt`), 'utf8')
    expect(await licences('pages')).toMatch(/^== preact .*\(MIT\)\n\n/m)
    expect(await licences('libraries')).toMatch(/^== @fastify\/send .*\(MIT\)\n\n/m)
  })

  it('holds the test clip, within 1.5 MB', async () => {
    const media = files.filter((path) => path.startsWith('media/'))
    expect(media).toEqual(expect.arrayContaining(['media/test-clip.mp4', 'media/test-clip.webm']))
    const sizes = await Promise.all(media.map(async (path) => (await readFile(join(ROOT, path))).length))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_500_000)
  })

  it('asks the app for its Fastify, and brings no second one', async () => {
    const { dependencies, peerDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    expect(peerDependencies.fastify).toBe('^5.0.0')
    expect(Object.keys(dependencies)).not.toContain('fastify')
  })

  it('has no dead links: every relative link in its pages leads to a file or a folder of the package', async () => {
    const pages = files.filter((path) => path.endsWith('.md'))
    const links = (await Promise.all(pages.map(relativeLinksOf))).flat()
    expect(links.length).toBeGreaterThan(20)
    const isThere = (target: string) => files.some((path) => path === target || path.startsWith(`${target}/`))
    expect(links.filter(({ target }) => !isThere(target))).toEqual([])
  })

  it('holds nothing else: no tests, measurements, settings or leftovers', () => {
    const known =
      /^((dist\/)?(src|plugins)\/.*\.(js|d\.ts|js\.map|d\.ts\.map|ts)|dist\/chunks\/[\w-]+\.js(\.map)?|dist\/(src\/api|plugins)\/[\w-]+\.(cjs|d\.cts)|dist\/(cli|libraries|pages)\/([\w-]+\.(js|css|html|svg)|THIRD-PARTY-LICENSES\.txt)|media\/test-clip[\w.]*|docs\/pictures\/[\w-]+\.jpg|examples\/.*\.(js|html)|docs\/.*\.(md|png|svg)|(package\.json|LICENSE|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md))$/
    expect(
      files.filter((path) => !known.test(path) || /(^|\/)(test|bench|node_modules)\/|\.test\./.test(path)),
    ).toEqual([])
  })
})
