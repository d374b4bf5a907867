// @ts-check
// Bundles what only Node runs: the plugins, the client's entry for Node, and the program of the wall clock's thread. Node loads a few
// files faster than 120. The modules that browsers share stay files of their own, so that an app's bundler drops those that it does not
// need, and a class that two entries export exists once. Replaces the compiler's JavaScript of the bundled modules.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { licencesOf } from './licences.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SHARED_ENTRIES = ['src/api/client.ts', 'src/api/clocks.ts', 'src/api/messages.ts']
/** Stands for dist/ in the imports of shared modules, until the place of the importing file is known. */
const DIST = 'dist:'

/** Libraries that are bundled, so that only the television's pages carry them, each with the function that is used of it. */
const BUNDLED = new Map([
  ['@fastify/send', 'send'],
  ['uqr', 'renderSVG'],
])

/** @satisfies {import('esbuild').BuildOptions} */
const COMMON = /** @type {const} */ ({
  absWorkingDir: ROOT,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  packages: 'external',
  write: false,
  logLevel: 'warning',
})

const { metafile } = await build({ ...COMMON, entryPoints: SHARED_ENTRIES, metafile: true })
const shared = new Set(Object.keys(metafile.inputs).map(withoutExtension))

/** @type {import('esbuild').Plugin} */
const sharedModules = {
  name: 'shared-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
      const module = withoutExtension(relative(ROOT, `${resolveDir}/${path}`))
      return shared.has(module) ? { path: `${DIST}${module}.js`, external: true, sideEffects: false } : undefined
    })
    onResolve({ filter: /^[^.]/ }, ({ path }) =>
      BUNDLED.has(path) ? { path: `${DIST}${libraryFile(path)}`, external: true, sideEffects: false } : undefined,
    )
  },
}

const { outputFiles } = await build({
  ...COMMON,
  entryPoints: {
    'plugins/index': 'plugins/index.ts',
    'plugins/television': 'plugins/television.ts',
    // Beside the code that starts it.
    'plugins/wall-clock-worker': 'src/server/wall-clock/isolated/wall-clock-worker.ts',
    'src/api/client-node': 'src/api/client-node.ts',
  },
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [sharedModules],
  sourcemap: true,
  // The sources are published beside the bundles.
  sourcesContent: false,
})

for (const path of readdirSync(`${ROOT}dist`, { recursive: true, encoding: 'utf8' })) {
  if (/\.js(\.map)?$/.test(path) && !shared.has(withoutExtension(path))) rmSync(`${ROOT}dist/${path}`)
}
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, path.endsWith('.map') ? text : withClassNames(withRelativeImports(dirname(path), text)))
}

mkdirSync(`${ROOT}dist/libraries`)
const licences = []
for (const [name, used] of BUNDLED) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: `export { ${used} } from '${name}'`, resolveDir: ROOT },
    outfile: `dist/${libraryFile(name)}`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
    // CommonJS packages require Node's modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  })
  licences.push(licencesOf(metafile))
}
writeFileSync(`${ROOT}dist/libraries/THIRD-PARTY-LICENSES.txt`, licences.join('\n'))

/** @param {string} name of a package @returns {string} where in dist/ it is */
function libraryFile(name) {
  return `libraries/${name.replace('@', '').replace('/', '-')}.js`
}

/** @param {string} folder @param {string} code */
function withRelativeImports(folder, code) {
  return code.replaceAll(/"dist:([^"\n]+)"/g, (_, module) => {
    const path = relative(folder, `${ROOT}dist/${module}`).replaceAll('\\', '/')
    return JSON.stringify(path.startsWith('.') ? path : `./${path}`)
  })
}

/** A class that refers to itself is `var Name = class _Name` in a bundle: its `name` would be another. @param {string} code */
function withClassNames(code) {
  const renamed = [...code.matchAll(/^var (\w+) = class (_\1)\b/gm)]
  return renamed.reduce((text, [, name = '', inner]) => text.replaceAll(new RegExp(`\\b${inner}\\b`, 'g'), name), code)
}

/** @param {string} path */
function withoutExtension(path) {
  return path.replaceAll('\\', '/').replace(/\.(ts|js|js\.map)$/, '')
}
