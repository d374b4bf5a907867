// @ts-check
// Bundles the pages of the television into dist/pages/: for each a document, a script and a style sheet, which refer to nothing else.

import { copyFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { licencesOf } from './licences.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCE = 'src/television/pages'
const PAGES = ['tv', 'companion', 'control']

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: Object.fromEntries(
    PAGES.flatMap((page) => [
      [page, `${SOURCE}/${page}/page.tsx`],
      [`${page}-style`, `${SOURCE}/${page}/page.css`],
    ]),
  ),
  outdir: 'dist/pages',
  entryNames: '[name]',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
  tsconfig: `${SOURCE}/tsconfig.json`,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})
for (const page of PAGES) copyFileSync(`${ROOT}${SOURCE}/${page}/page.html`, `${ROOT}dist/pages/${page}.html`)
copyFileSync(`${ROOT}${SOURCE}/shared/icon.svg`, `${ROOT}dist/pages/icon.svg`)
writeFileSync(`${ROOT}dist/pages/THIRD-PARTY-LICENSES.txt`, licencesOf(metafile))
