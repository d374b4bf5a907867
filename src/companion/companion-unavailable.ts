import { displayUrl, visible } from '../validation/index.js'
import type { Address } from './companion-addresses.js'
import type { Unavailable } from './companion-events.js'
import type { CompanionTimeline } from './companion-timeline.js'
import type { TsClient } from './connections/index.js'
import type { WallClockClient } from './wall-clock/index.js'

/** The state of a companion that has received CII. */
export interface FollowedServers {
  readonly wallClock: Address
  readonly timelines: Address
  readonly timeline: CompanionTimeline | undefined
  /** The selector from the options. */
  readonly timelineSelector: string | undefined
  readonly ts: TsClient | undefined
  readonly wallClockClient: WallClockClient | undefined
  /** Why a connection is postponed. */
  readonly waitingFor: string | undefined
}

/** Why the position is unavailable: the first missing prerequisite. Undefined while the position is available. */
export function whyUnavailable(servers: FollowedServers): Unavailable | undefined {
  const { wallClock, timelines, timeline, ts, wallClockClient, waitingFor } = servers
  if (wallClock.url === undefined) return { reason: wallClock.missing, detail: wallClock.detail }
  if (timelines.url === undefined) return { reason: 'no-ts', detail: timelines.detail }
  if (timeline === undefined) return whyNoTimeline(servers.timelineSelector)
  if (ts === undefined) return { reason: 'ts', detail: waitingFor ?? `no connection to ${displayUrl(timelines.url)}` }
  const selector = visible(timeline.selector)
  if (!ts.hasPosition) {
    if (!ts.connected) return { reason: 'ts', detail: `no connection to ${displayUrl(ts.url)}` }
    const invalid = ts.invalidTimestamp
    if (invalid !== undefined) {
      return { reason: 'timeline', detail: `the last control timestamp for ${selector} is invalid: ${invalid}` }
    }
    const detail =
      ts.timestamp !== undefined
        ? `the television currently has no ${selector}`
        : `no control timestamp received for ${selector} yet`
    return { reason: 'timeline', detail }
  }
  if (wallClockClient?.clock.available !== true) {
    const url = wallClockClient?.url ?? wallClock.url
    return { reason: 'wall-clock', detail: `no answer from ${displayUrl(url)} that is accurate enough` }
  }
  return undefined
}

function whyNoTimeline(timelineSelector: string | undefined): Unavailable {
  if (timelineSelector === undefined) return { reason: 'no-timeline', detail: 'CII lists no timelines' }
  return {
    reason: 'tick-rate',
    detail: `CII does not list ${visible(timelineSelector)}, and its tick rate is not known`,
  }
}
