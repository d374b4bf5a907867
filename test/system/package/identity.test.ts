import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ROOT } from './pack.js'

const { exports } = createRequire(import.meta.url)(`${ROOT}package.json`) as { exports: Record<string, unknown> }
const SUBPATHS = Object.keys(exports).filter((path) => !path.endsWith('.json'))

/** Prints, for each name that several subpaths export, how many different values it has; and classes with another name than their own. */
const PROGRAM = `
  import { createRequire } from 'node:module'
  const require = createRequire(process.cwd() + '/')
  const values = new Map()
  const misnamed = []
  const canRequire = process.features.require_module
  for (const path of ${JSON.stringify(SUBPATHS)}) {
    const name = 'fastify-dvbcss' + path.slice(1)
    for (const module of [await import(name), ...(canRequire ? [require(name)] : [])]) {
      for (const [key, value] of Object.entries(module)) {
        values.set(key, (values.get(key) ?? new Set()).add(value))
        if (/^class\\b/.test(String(value)) && value.name !== key) misnamed.push(key + ' is named ' + value.name)
      }
    }
  }
  const several = [...values].filter(([, { size }]) => size > 1).map(([key]) => key)
  console.log(JSON.stringify({ names: values.size, several, misnamed }))`

describe('what the package exports', () => {
  it('is the same by every subpath, imported and required, so that instanceof works across them', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', PROGRAM],
      { cwd: ROOT },
    )
    const { names, several, misnamed } = JSON.parse(stdout)
    expect(names).toBeGreaterThan(100)
    expect(several).toEqual([])
    expect(misnamed).toEqual([])
  })
})
