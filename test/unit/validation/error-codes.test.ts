import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
// Codes in replies to handshakes have Fastify's prefix.
const CODE = /(?<!FST_)DVBCSS_ERR_[A-Z_]+[A-Z]/g

function codesIn(text: string): string[] {
  return text.match(CODE) ?? []
}

it('docs/errors.md lists every code that is in the sources, and no other', () => {
  const sources = ['src', 'plugins'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => codesIn(readFileSync(join(ROOT, folder, path), 'utf8'))),
  )
  const documented = new Set(codesIn(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')))
  expect([...documented].sort()).toEqual([...new Set(sources)].sort())
})

it.each(['src', 'plugins'])('no error in %s is without a code', (folder) => {
  const bare = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    // Nobody catches the errors of a page but the page.
    .filter((path) => !path.startsWith('television/pages/'))
    .filter((path) => /new (Error|TypeError|RangeError)\(/.test(readFileSync(join(ROOT, folder, path), 'utf8')))
  expect(bare).toEqual([])
})
