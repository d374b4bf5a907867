// @ts-check
// Writes entries for CommonJS: a module that loads the ES module with `require()`, as Node 20.19 and later can, and its declarations.
// Nothing exists twice: both entries export the same classes. The declarations are for TypeScript's `module: node16` and `node18`, which
// model older versions of Node and refuse declarations of an ES module in a CommonJS file; the comment suppresses that error in one place.

import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))

for (const entry of Object.values(exports)) {
  if (typeof entry === 'string') continue
  const module = `./${basename(entry.default)}`
  writeFileSync(`${ROOT}${entry.require}`, `'use strict'\nmodule.exports = require('${module}')\n`)
  writeFileSync(`${ROOT}${entry.types.require}`, `// @ts-ignore: an ES module\nexport * from '${module}'\n`)
}
