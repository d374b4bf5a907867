import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumPath } from './chromium-path.js'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The screen of a phone, which is touched. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
}

export interface Browser {
  newPage(): Promise<Page>
  /** Also removes its profile. */
  close(): Promise<void>
}

/**
 * A headless Chromium with a new and empty profile.
 *
 * @param flags more of them: `--autoplay-policy=no-user-gesture-required`, say
 * @param options of all its pages
 * @throws Error saying how to install it, where there is none
 */
export async function launchChromium(flags: string[] = [], options: BrowserContextOptions = {}): Promise<Browser> {
  if (!existsSync(chromiumPath())) {
    throw new Error(
      `there is no Chromium at ${chromiumPath()}: run 'npm run install-browser', or set CHROMIUM to its path`,
    )
  }
  const profile = await mkdtemp(join(tmpdir(), 'dvbcss-chromium-'))
  const removeProfile = () => rm(profile, { recursive: true, force: true, maxRetries: 5 })
  let context: BrowserContext
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      headless: true,
      args: [...FLAGS, ...flags],
      ...options,
    })
  } catch (error) {
    await removeProfile()
    throw error
  }
  return {
    newPage: () => context.newPage(),
    async close() {
      await context.close()
      await removeProfile()
    },
  }
}
