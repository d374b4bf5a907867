import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const PURE = ['src/validation', 'src/events', 'src/clocks', 'src/messages', 'src/timelines']
const SERVER = ['endpoint', 'cii', 'ts', 'wall-clock', 'app2app', 'companions'].map((name) => `src/server/${name}`)
const COMPANION = ['src/companion/connections', 'src/companion/wall-clock', 'src/companion/media', 'src/companion']

/** What the files of each room may import from other rooms. A room is a folder; none imports one that stands below it here. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/validation': [],
  'src/events': [],
  'src/clocks': ['src/validation'],
  'src/messages': ['src/validation', 'src/clocks'],
  // What clients and servers accept beyond the specification. Not for `src/conformance`, which judges by it.
  'src/messages/lenient': ['src/validation', 'src/messages'],
  'src/timelines': ['src/validation', 'src/clocks', 'src/messages'],
  // Sockets of node:dgram, for the servers and for the companion.
  'src/udp': ['src/validation'],
  'src/server/endpoint': [...PURE, 'src/messages/lenient'],
  'src/server/cii': [...PURE, 'src/server/endpoint'],
  'src/server/ts': [...PURE, 'src/messages/lenient', 'src/server/endpoint'],
  'src/server/app2app': [...PURE, 'src/server/endpoint'],
  'src/server/wall-clock': [...PURE, 'src/udp', 'src/server/endpoint'],
  'src/server/wall-clock/isolated': [...PURE, 'src/udp', 'src/server/endpoint', 'src/server/wall-clock'],
  'src/server/companions': [...PURE, 'src/server/endpoint', 'src/server/wall-clock', 'src/server/wall-clock/isolated'],
  'src/companion/connections': [...PURE, 'src/messages/lenient'],
  'src/companion/wall-clock': [...PURE, 'src/messages/lenient', 'src/companion/connections'],
  'src/companion/media': PURE,
  'src/companion': [...PURE, 'src/messages/lenient', 'src/companion/connections', 'src/companion/wall-clock'],
  // What the companion's side needs of Node: standard in a browser, missing here.
  'src/companion/node': [...PURE, 'src/udp', 'src/companion/connections', 'src/companion/wall-clock', 'src/companion'],
  // What the package publishes besides the plugins: a file for each subpath.
  // How televisions are found, by SSDP and DIAL: both sides.
  'src/discovery': ['src/validation'],
  'src/api': [...PURE, 'src/messages/lenient', 'src/discovery', 'src/udp', ...COMPANION, 'src/companion/node'],
  // What the television and its pages tell each other. Runs in a browser too.
  'src/television/protocol': PURE,
  'src/television/media': [...PURE, 'src/television/protocol'],
  // What control pages are shown of the companions.
  'src/television/control': [...PURE, ...SERVER, 'src/server/wall-clock/isolated', 'src/television/protocol'],
  'src/television': [...PURE, ...SERVER, 'src/television/protocol', 'src/television/media'],
  'src/television/pages/shared': [...PURE, ...COMPANION, 'src/television/protocol'],
  'src/television/pages/tv': [...PURE, ...COMPANION, 'src/television/protocol', 'src/television/pages/shared'],
  'src/television/pages/companion': [...PURE, ...COMPANION, 'src/television/protocol', 'src/television/pages/shared'],
  'src/television/pages/control': [...PURE, 'src/television/protocol', 'src/television/pages/shared'],
  plugins: [
    ...PURE,
    'src/discovery',
    'src/udp',
    ...SERVER,
    'src/server/wall-clock/isolated',
    'src/api',
    'src/television/protocol',
    'src/television/media',
    'src/television/control',
    'src/television',
  ],
  'src/conformance': PURE,
  'src/conformance/reports': [...PURE, 'src/conformance'],
  'src/cli/terminal': [...PURE, ...COMPANION],
  'src/cli/television': [...PURE, ...SERVER, 'src/television', 'plugins', 'src/cli/terminal'],
  'src/cli/commands': [
    ...PURE,
    'src/messages/lenient',
    ...COMPANION,
    'src/companion/node',
    'src/discovery',
    'src/conformance',
    'src/conformance/reports',
    'src/cli/terminal',
    'src/cli/television',
  ],
  'src/cli': ['src/cli/commands', 'src/cli/terminal'],
}

interface Import {
  /** As `src/server/cii/cii-server.ts`. */
  file: string
  folder: string
  /** A folder of ours, or the name of a module as it is written. */
  target: string
  /** Whether what is imported is the folder's `index.ts`. */
  isDoor: boolean
}

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path))
    .map((path) => join(folder, path))
}

/** Static, dynamic and type imports, and exports from elsewhere. */
function specifiersIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|^declare module\s+)(['"])([^'"\n]+)\1/gm
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}

/** The files that each file loads: its static imports and exports, without those of types alone. */
function valueImports(): Map<string, string[]> {
  return new Map(
    sources.map((file) => {
      const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      const statements = [...code.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"]*?\bfrom\s*)?['"](\.[^'"\n]+)['"]/gm)]
      return [file, statements.map((match) => join(dirname(file), match[1] ?? '').replace(/\.js$/, '.ts'))]
    }),
  )
}

/** Circles of imports, each as `a > b > a`. */
function circlesIn(graph: Map<string, string[]>): string[] {
  const circles: string[] = []
  const finished = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '))
    else if (!finished.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      finished.add(file)
    }
  }
  for (const file of graph.keys()) visit(file, [])
  return circles
}

const sources = [...filesIn('src', /\.tsx?$/), ...filesIn('plugins', /\.ts$/)]
const imports = sources.flatMap((file): Import[] =>
  specifiersIn(readFileSync(join(ROOT, file), 'utf8')).map((specifier) => ({
    file,
    folder: dirname(file),
    target: specifier.startsWith('.') ? dirname(join(dirname(file), specifier)) : specifier,
    isDoor: basename(specifier) === 'index.js',
  })),
)

const isOurs = ({ target }: Import): boolean => target in MAY_IMPORT || /^(src|plugins)\b/.test(target)
/** The published files, and what is loaded only when a television starts. */
const hasNoDoor = ({ target, file }: Import): boolean =>
  target === 'src/api' || target === 'plugins' || file === 'src/cli/commands/tv-command.ts'
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

  it('recognizes a circle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
      ['d', ['a']],
    ])
    expect(circlesIn(graph)).toEqual(['b > c > b'])
    expect([...valueImports().values()].flat().length).toBeGreaterThan(sources.length)
  })

  it('knows every folder in which there is code', () => {
    const folders = new Set(sources.map((file) => dirname(file)))
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

  it('has no room that imports one below it in the list, or an unknown one', () => {
    const rooms = Object.keys(MAY_IMPORT)
    const upwards = rooms.flatMap((room, index) =>
      (MAY_IMPORT[room] ?? []).filter((other) => other !== room && rooms.indexOf(other) >= index),
    )
    expect(upwards.filter((room) => !rooms.includes(room))).toEqual([])
    expect(upwards).toEqual([])
  })

  it('has no circular imports, apart from types', () => {
    expect(circlesIn(valueImports())).toEqual([])
  })

  it('lets neighbours come in through the door of a room, its index.ts', () => {
    const byTheWindow = imports.filter(
      (found) => isOurs(found) && found.target !== found.folder && !found.isDoor && !hasNoDoor(found),
    )
    expect(described(byTheWindow)).toEqual([])
  })

  it('gives server and companion no room in common but the pure ones and the sockets', () => {
    const of = (side: RegExp) =>
      Object.entries(MAY_IMPORT).flatMap(([room, allowed]) => (side.test(room) ? allowed : []))
    const both = of(/^src\/server/).filter((room) => of(/^src\/companion/).includes(room))
    expect(new Set(both)).toEqual(new Set([...PURE, 'src/messages/lenient', 'src/udp']))
  })

  it('keeps what runs in a browser, and the timelines, free of node: modules', () => {
    const pure = [...PURE, 'src/messages/lenient', ...COMPANION]
    const strays = imports.filter(({ folder, target }) => pure.includes(folder) && target.startsWith('node:'))
    expect(described(strays)).toEqual([])
  })

  it('writes the modules of Node with their node: prefix', () => {
    const bare = ['buffer', 'child_process', 'dgram', 'events', 'fs', 'http', 'net', 'os', 'path', 'stream', 'url']
    expect(described(imports.filter(({ target }) => bare.includes(target)))).toEqual([])
  })

  it('keeps the check strict: what it judges by accepts no deviations', () => {
    const strays = imports.filter(
      ({ folder, target }) => folder.startsWith('src/conformance') && target === 'src/messages/lenient',
    )
    expect(described(strays)).toEqual([])
  })

  it('touches UDP only where datagrams are sent and received', () => {
    const found = imports.filter(({ target }) => target === 'node:dgram')
    const rooms = ['src/companion/node', 'src/conformance', 'src/discovery', 'src/server/wall-clock', 'src/udp']
    expect([...new Set(found.map(({ folder }) => folder))].sort()).toEqual(rooms)
  })

  it('touches Fastify only in plugins and the television of the command', () => {
    const found = imports.filter(({ target }) => /^(fastify|fastify-plugin|@fastify\/.*)$/.test(target))
    const folders = new Set(found.map(({ folder }) => folder))
    expect(folders).toContain('plugins')
    const strays = found.filter(({ folder }) => folder !== 'plugins' && folder !== 'src/cli/television')
    expect(described(strays)).toEqual([])
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
