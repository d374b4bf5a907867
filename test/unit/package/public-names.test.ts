import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const ENTRIES = [
  'plugins/index.ts',
  'src/api/client.ts',
  'src/api/client-node.ts',
  'src/api/clocks.ts',
  'src/api/messages.ts',
]

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Types as `type Cii`, values as `CiiServer`. */
function namesIn(entry: string): string[] {
  const lists = [...read(entry).matchAll(/export (type )?\{([^}]*)\}/g)]
  return lists.flatMap(([, type = '', list = '']) => {
    const names = list.split(',').map((name) => name.trim())
    return names.filter((name) => name !== '').map((name) => (name.startsWith('type ') ? name : type + name))
  })
}

function sources(): string[] {
  return ['src', 'plugins'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  )
}

const published = new Set(ENTRIES.flatMap(namesIn).map((name) => name.replace('type ', '')))

describe('the published names', () => {
  it('are listed one by one', () => {
    expect(ENTRIES.filter((entry) => /export \*/.test(read(entry)))).toEqual([])
    expect(ENTRIES.flatMap(namesIn).length).toBeGreaterThan(200)
  })

  it('of the client in a browser are all in the client for Node', () => {
    const inNode = namesIn('src/api/client-node.ts')
    expect(namesIn('src/api/client.ts').filter((name) => !inNode.includes(name))).toEqual([])
  })

  it('of the clocks and the messages are all in the main entry', () => {
    const inMain = namesIn('plugins/index.ts')
    const others = [...namesIn('src/api/clocks.ts'), ...namesIn('src/api/messages.ts')]
    expect(others.filter((name) => !inMain.includes(name))).toEqual([])
  })

  it('include the errors, in every entry', () => {
    const errors = ['DvbcssError', 'InvalidOptionError', 'UnknownOptionError', 'type DvbcssErrorCode']
    for (const entry of ENTRIES) expect(namesIn(entry)).toEqual(expect.arrayContaining(errors))
  })

  it('are each declared in one file', () => {
    const files = new Map<string, string[]>()
    // These are the clients of the browser with the sockets of Node: the same name means the same.
    for (const file of sources().filter((path) => path !== 'src/companion/node/clients.ts')) {
      const declared = read(file).matchAll(/^export (?:abstract )?(?:class|interface|type|const|function) (\w+)/gm)
      for (const [, name = ''] of declared) {
        const inFiles = files.get(name) ?? []
        if (!inFiles.includes(file)) files.set(name, [...inFiles, file])
      }
    }
    const ambiguous = [...files].filter(([name, inFiles]) => published.has(name) && inFiles.length > 1)
    expect(ambiguous).toEqual([])
  })

  it('are none that only this package itself has a use for', () => {
    const internals = [
      'decodeInteger',
      'describeValue',
      'encodeInteger',
      'escapeUnsafe',
      'hasContentIdStem',
      'MAX_INTEGER_LENGTH',
      'MAX_JSON_DEPTH',
      'MAX_SHOWN_CHARACTERS',
      'parseJson',
    ]
    expect(internals.filter((name) => published.has(name))).toEqual([])
  })
})
