// @ts-check
// Writes a declaration file for CommonJS beside that of each entry. TypeScript's `module: node16` and `node18` model Node versions
// in which `require()` of an ES module fails, so they refuse a CommonJS file that imports declarations of an ES module. Node 20.19 and
// later load it. The comment suppresses the error in this one place; what is exported are the same declarations.

import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))

for (const { types } of Object.values(exports)) {
  if (types === undefined) continue
  const { require: path } = types['types@>=4.7']
  const module = `./${basename(types.default, '.d.ts')}.js`
  writeFileSync(`${ROOT}${path}`, `// @ts-ignore: an ES module, which require() loads.\nexport * from '${module}'\n`)
}
