// @ts-check
// The licences of the packages that are part of a bundle.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** @param {import('esbuild').Metafile} metafile of the bundle @returns {string} the licence of each bundled package, under its name */
export function licencesOf({ inputs }) {
  const packages = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(packages)].sort().map(licenceOf).join('\n')
}

/** @param {string} folder of an installed package */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, 'utf8'))
  const file = readdirSync(`${ROOT}${folder}`).find((path) => /^licen[cs]e(\.|$)/i.test(path))
  const text = file === undefined ? '' : `\n${readFileSync(`${ROOT}${folder}/${file}`, 'utf8').trim()}\n`
  return `== ${name} ${version} (${license})\n${text}`
}
