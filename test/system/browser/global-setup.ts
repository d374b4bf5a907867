import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { chromiumPath } from '../../helpers/chromium-path.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Why there is no browser to test in; undefined when there is one. */
    noChromium: string | undefined
  }
}

const INSTALLER = fileURLToPath(new URL('install-chromium', import.meta.url))
const INSTALL_TIMEOUT_MILLIS = 600_000

/** Sees that there is a Chromium: installs it where that can be done, else says why the browser's tests are skipped. */
export default function setup(project: TestProject): void {
  project.provide('noChromium', existsSync(chromiumPath()) ? undefined : install())
}

function install(): string | undefined {
  console.log(`There is no Chromium at ${chromiumPath()}: installing it for the tests in a browser ...`)
  const run = spawnSync('bash', [INSTALLER], { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MILLIS })
  if (run.status === 0 && existsSync(chromiumPath())) return undefined
  const why = run.error?.message ?? run.stderr.trim()
  console.warn(
    `\nSKIPPED: the tests in a browser (test/browser). They need Chromium, and it could not be installed.\n${why}\n`,
  )
  return why
}
