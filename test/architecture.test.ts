import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What the files of each folder may import from other folders of ours. `src/cli` sits on top of everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/messages': [],
  'src/clocks': [],
  'src/timelines': ['src/messages', 'src/clocks'],
  'src/server': ['src/messages', 'src/clocks', 'src/timelines'],
  'src/client': ['src/messages', 'src/clocks'],
  // What the companion's side needs of Node: standard in a browser, missing here.
  'src/node-client': ['src/messages', 'src/clocks', 'src/client', 'src/udp'],
  // Brings sockets to the interfaces that the server and the client own.
  'src/udp': ['src/server', 'src/client', 'src/clocks'],
  plugins: ['src/messages', 'src/clocks', 'src/timelines', 'src/server', 'src/udp'],
  'src/cli': [
    'plugins',
    'src/messages',
    'src/clocks',
    'src/timelines',
    'src/server',
    'src/client',
    'src/node-client',
    'src/udp',
    'src/cli',
  ],
}

interface Import {
  /** As `src/server/cii-server.ts`. */
  file: string
  folder: string
  /** A folder of ours, or the name of a module as it is written. */
  target: string
}

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path))
    .map((path) => join(folder, path))
}

/** `src/server` for anything below it, `plugins` for anything below that. */
function folderOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return first === 'src' ? `${first}/${second}` : first
}

/** Static, dynamic and type imports, and exports from elsewhere. */
function specifiersIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|^declare module\s+)(['"])([^'"\n]+)\1/gm
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}

const sources = [...filesIn('src', /\.ts$/), ...filesIn('plugins', /\.ts$/)]
const imports = sources.flatMap((file): Import[] =>
  specifiersIn(readFileSync(join(ROOT, file), 'utf8')).map((specifier) => ({
    file,
    folder: folderOf(file),
    target: specifier.startsWith('.') ? folderOf(relative(ROOT, join(ROOT, dirname(file), specifier))) : specifier,
  })),
)

const isOurs = ({ target }: Import): boolean => target in MAY_IMPORT || /^(src|plugins)\b/.test(target)
const described = (found: Import[]): string[] => found.map(({ file, target }) => `${file} imports ${target}`)

describe('the architecture', () => {
  it('is read from all ways to import', () => {
    const source = [
      "import a from 'a'",
      "import type { B } from 'b'",
      "import {\n  c,\n} from 'c'",
      "export * from 'd'",
      "import 'e'",
      "const f = await import('f')",
      "declare module 'g' {}",
      "// import h from 'h'",
    ].join('\n')
    expect(specifiersIn(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(imports.length).toBeGreaterThan(sources.length)
  })

  it('knows every folder in which there is code', () => {
    const folders = new Set(sources.map(folderOf))
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([])
  })

  for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
    const others = allowed.filter((name) => name !== folder)
    it(`lets ${folder} import ${others.length === 0 ? 'nothing else of ours' : `only ${others.join(', ')}`}`, () => {
      const strays = imports.filter(
        (found) =>
          found.folder === folder && isOurs(found) && found.target !== folder && !allowed.includes(found.target),
      )
      expect(described(strays)).toEqual([])
    })
  }

  it('keeps what runs in a browser, and the timelines, free of node: modules', () => {
    const pure = ['src/messages', 'src/clocks', 'src/timelines', 'src/client']
    const strays = imports.filter(({ folder, target }) => pure.includes(folder) && target.startsWith('node:'))
    expect(described(strays)).toEqual([])
  })

  it('writes the modules of Node with their node: prefix', () => {
    const bare = ['buffer', 'child_process', 'dgram', 'events', 'fs', 'http', 'net', 'os', 'path', 'stream', 'url']
    expect(described(imports.filter(({ target }) => bare.includes(target)))).toEqual([])
  })

  it('touches UDP only in src/udp', () => {
    const found = imports.filter(({ target }) => target === 'node:dgram')
    expect(new Set(found.map(({ folder }) => folder))).toEqual(new Set(['src/udp']))
  })

  it('touches Fastify only in plugins and src/cli', () => {
    const found = imports.filter(({ target }) => /^(fastify|fastify-plugin|@fastify\/.*)$/.test(target))
    const folders = new Set(found.map(({ folder }) => folder))
    expect(folders).toContain('plugins')
    expect(described(found.filter(({ folder }) => folder !== 'plugins' && folder !== 'src/cli'))).toEqual([])
  })

  it('has no file that is named for being used by others instead of for what is in it', () => {
    const files = ['src', 'plugins', 'bench', 'examples', 'trials'].flatMap((folder) =>
      filesIn(folder, /\.[cm]?[jt]sx?$/),
    )
    expect(files.length).toBeGreaterThan(sources.length)
    const vague = /(^|\/)(utils?|common|helpers?|types)(\/|\.[^/]*$)/
    expect(files.filter((file) => vague.test(file))).toEqual([])
  })
})
