import { Companion, type CompanionOptions } from '../../../companion/index.js'
import type { PageSetting } from '../../protocol/index.js'

/**
 * A companion of the television that serves this page: over WebSockets alone, at the address of the page. It says of which page, so that
 * the control page can tell it from others.
 */
export function companionOf(
  { ciiPath, wallClockPath, timelineSelector, role }: PageSetting,
  options: CompanionOptions = {},
): Companion {
  return new Companion(socketUrl(`${ciiPath}?page=${role}`), {
    ...options,
    timelineSelector,
    preferWebSocketWallClock: true,
    ...(wallClockPath !== null && { wallClockUrl: socketUrl(wallClockPath) }),
  })
}

function socketUrl(path: string): string {
  const url = new URL(path, document.baseURI)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
