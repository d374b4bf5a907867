import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Programme } from '../protocol/index.js'
import { mediaError } from './media-error.js'

const PACKAGE = 'dashjs'

/**
 * The script that plays DASH streams in a browser, of the optional package `dashjs`; undefined if no programme is one.
 *
 * @throws DvbcssError `DVBCSS_ERR_MEDIA` if one is, and the package is not installed
 */
export function dashPlayerFor(programmes: readonly Programme[]): string | undefined {
  const stream = programmes.find(({ mpdUrl }) => mpdUrl !== undefined)
  if (stream === undefined) return undefined
  // Beside this package, or where the process was started: this package may be installed globally.
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from).resolve(PACKAGE)
    } catch {
      // Not there.
    }
  }
  throw mediaError(
    `cannot play ${stream.mpdUrl}: DASH streams need the package ${PACKAGE}; install it with: npm install ${PACKAGE}`,
  )
}
