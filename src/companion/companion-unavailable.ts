import { displayUrl, visible } from '../validation/index.js'
import type { Address } from './companion-addresses.js'
import type { Unavailable } from './companion-events.js'
import type { CompanionTimeline } from './companion-timeline.js'
import type { TsClient } from './connections/index.js'
import type { WallClockClient } from './wall-clock/index.js'

/** What a companion follows, once CII has said something. */
export interface FollowedServers {
  readonly wallClock: Address
  readonly timelines: Address
  readonly timeline: CompanionTimeline | undefined
  /** The selector that the app asked for. */
  readonly timelineSelector: string | undefined
  readonly ts: TsClient | undefined
  readonly wallClockClient: WallClockClient | undefined
  /** Why a connection is not opened yet. */
  readonly waitingFor: string | undefined
}

/** Why there is no position: the first link of the chain that is missing. Undefined while there is a position. */
export function whyUnavailable(servers: FollowedServers): Unavailable | undefined {
  const { wallClock, timelines, timeline, ts, wallClockClient, waitingFor } = servers
  if (wallClock.url === undefined) return { reason: wallClock.missing, detail: wallClock.detail }
  if (timelines.url === undefined) return { reason: 'no-ts', detail: timelines.detail }
  if (timeline === undefined) return whyNoTimeline(servers.timelineSelector)
  if (ts === undefined) return { reason: 'ts', detail: waitingFor ?? `no connection to ${displayUrl(timelines.url)}` }
  const selector = visible(timeline.selector)
  if (!ts.hasPosition) {
    if (!ts.connected) return { reason: 'ts', detail: `no connection to ${displayUrl(ts.url)}` }
    const said = ts.timestamp !== undefined
    const detail = said ? `the television has no ${selector} now` : `no control timestamp has come for ${selector} yet`
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
