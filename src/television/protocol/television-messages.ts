import type { CompanionReport, LogEntry, MessageEntry } from './control-reports.js'
import type { PageRole } from './page-messages.js'
import type { Programme } from './programme.js'

/** A timeline of the television. */
export interface TimelineState {
  readonly selector: string
  readonly unitsPerSecond: number
  readonly available: boolean
}

/** What the television shows, and where it is. */
export interface TelevisionState {
  readonly contentId: string
  readonly contentIdStatus: 'partial' | 'final'
  readonly presentationStatus: readonly string[]
  /** The id of the programme; null while the content is none of the programmes. */
  readonly programme: string | null
  /** Position of the timeline at `wallClockNanos`. */
  readonly positionSeconds: number
  /** Nanoseconds of the wall clock, as a decimal string. */
  readonly wallClockNanos: string
  readonly speed: number
  /** Whether the media element of a page is the timeline, or the television's own clock. */
  readonly driver: 'page' | 'clock'
  readonly timelines: readonly TimelineState[]
}

/** What a page has to know once. */
export interface PageSetting {
  readonly role: PageRole
  readonly friendlyName: string
  /** The paths of the endpoints, on the host of the page. Null where the app has no such endpoint. */
  readonly ciiPath: string
  readonly tsPath: string
  readonly wallClockPath: string | null
  /** The selector of the timeline whose positions are those of the media. */
  readonly timelineSelector: string
  /** The companion page at an address that a phone on the same network can reach. */
  readonly companionUrl: string
}

/** Whether a page of the picture drives the timeline. */
export interface Seat {
  readonly drives: boolean
  /** The address of the page that drives, for people; null if none does. */
  readonly driver: string | null
}

/**
 * What has changed for a page since the last update; the first one has everything. Members that did not change are absent. What
 * changes while a page is slow is left out: it is sent the latest.
 */
export interface Update {
  readonly type: 'update'
  readonly setting?: PageSetting
  readonly state?: TelevisionState
  readonly programmes?: readonly Programme[]
  /** For the pages of the picture. */
  readonly seat?: Seat
  /** For control pages. */
  readonly companions?: readonly CompanionReport[]
  /** For control pages that watch messages: those since the last update. */
  readonly messages?: { readonly entries: readonly MessageEntry[]; readonly omitted: number }
  /** For control pages that watch the log: the lines since the last update. */
  readonly log?: { readonly entries: readonly LogEntry[]; readonly omitted: number }
}

/** For the page that drives: what its media element has to do, because the remote control says so. */
export interface Action {
  readonly type: 'action'
  readonly action:
    | { readonly name: 'play' }
    | { readonly name: 'pause' }
    | { readonly name: 'seek'; readonly seconds: number }
    | { readonly name: 'speed'; readonly speed: number }
}

/** Answers a {@link CommandRequest}. */
export interface Answer {
  readonly type: 'answer'
  readonly id: number
  /** Why the command was not executed; absent if it was. */
  readonly error?: string
}

/** The page is not served; the connection is closed. */
export interface PageRefusal {
  readonly type: 'refused'
  /** `token`: a token is needed, or it is wrong. `remote`: control pages are served to this machine only. `origin`: a page of another site. */
  readonly reason: 'token' | 'remote' | 'origin'
  /** For people: what to do. */
  readonly detail: string
}

/** A message of the television to a page. */
export type TelevisionMessage = Update | Action | Answer | PageRefusal
