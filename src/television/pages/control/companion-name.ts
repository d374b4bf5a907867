import type { CompanionReport } from '../../protocol/index.js'

/** In this order, because most browsers claim to be several of them. */
const PROGRAMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\bFxiOS\/(\d+)/, 'Firefox'],
  [/\bCriOS\/(\d+)/, 'Chrome'],
  [/\b(?:Headless)?Chrom(?:e|ium)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, 'Safari'],
  [/\bokhttp\/(\d+)/, 'okhttp'],
  [/\bDart\/(\d+)/, 'Dart'],
  [/\bPython\/(\d+)/i, 'Python'],
]

const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

const MAX_CHARACTERS = 40

/** A user agent in a few words, such as `Chrome 130, Android`. */
export function programOf(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Companion'
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1]
  for (const [pattern, name] of PROGRAMS) {
    const version = pattern.exec(userAgent)?.[1]
    if (version !== undefined) return [`${name} ${version}`, system].filter((part) => part !== undefined).join(', ')
  }
  return userAgent.length <= MAX_CHARACTERS ? userAgent : `${userAgent.slice(0, MAX_CHARACTERS - 1)}…`
}

/** What it is, for people. */
export function kindOf({ page, userAgent }: CompanionReport): string {
  if (page === 'tv') return 'Picture page'
  return page === 'companion' ? 'Companion page' : programOf(userAgent)
}

/** What distinguishes a companion from others, in one line. */
export function companionName(companion: CompanionReport): string {
  return `${kindOf(companion)} · ${companion.remoteAddress} · ${companion.key}`
}

/** A timeline selector without what all of them have in common: `pts`, `temi:1:1`. */
export function shortSelector(selector: string): string {
  return selector.replace(/^urn:dvb:css:timeline:/, '')
}
