import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Packs the package into a folder as `npm publish` would, but for the build, which the tests' own run has done: a second one would
 * pull the files away from under the tests that run beside this one.
 * @returns the paths in the package.
 */
export async function pack(destination: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', destination],
    { cwd: ROOT, maxBuffer: 2 ** 24 },
  )
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[]
  return packed?.files.map(({ path }) => path) ?? []
}

/** The files that a source map in the package names as its sources, as paths in the package. */
export async function sourcesOf(map: string): Promise<string[]> {
  const { sources, sourceRoot = '' } = JSON.parse(await readFile(join(ROOT, map), 'utf8')) as {
    sources: string[]
    sourceRoot?: string
  }
  return sources.map((source) => join(map, '..', sourceRoot, source))
}

/** Every path that a value of package.json's `exports`, `types` or `bin` names. */
export function pathsIn(entry: unknown): string[] {
  if (typeof entry === 'string') return [join(entry)]
  return Object.values(entry as object).flatMap(pathsIn)
}

/** The files and folders that a page's relative links lead to, as paths in the package. Code is not searched. */
export async function relativeLinksOf(page: string): Promise<{ page: string; target: string }[]> {
  const text = (await readFile(join(ROOT, page), 'utf8')).replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)[^)]*\)|\b(?:src|href)="([^"]+)"/g)].map(
    ([, inline, attribute]) => inline ?? attribute ?? '',
  )
  return links
    .filter((link) => !/^([a-z]+:|#)/i.test(link))
    .map((link) => ({ page, target: join(dirname(page), link.replace(/[?#].*$/, '')).replace(/\/$/, '') }))
}
