// @ts-check
// Bundles the command, dist/cli/dvbcss.js, so that an app that installs the package for its plugins installs neither an argument
// parser nor a log formatter. Of the command only the bundle is published.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { licencesOf } from './licences.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DECLARATIONS = 'dist/src/cli'
const { dependencies, peerDependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/cli/dvbcss.ts'],
  outdir: 'dist/cli',
  bundle: true,
  // Each subcommand loads only what it needs.
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  legalComments: 'inline',
  // Bundled CommonJS packages require Node's modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
})

writeFileSync(`${ROOT}dist/cli/THIRD-PARTY-LICENSES.txt`, licencesOf(metafile))
rmSync(`${ROOT}${DECLARATIONS}`, { recursive: true })
