import type { SetupData } from '../../messages/index.js'
import type { Connection } from '../../server/endpoint/index.js'
import { contentIdMatches } from '../../timelines/index.js'
import { visible } from '../../validation/index.js'
import type { CompanionReport, TimelineState } from '../protocol/index.js'
import type { RelationHistory } from './relation-history.js'

/** What is known of a companion, to judge by. Times are milliseconds of the epoch. */
export interface Symptoms {
  readonly now: number
  /** Since when the companions are observed. */
  readonly observedSince: number
  readonly setup: SetupData | undefined
  readonly contentId: string | null
  readonly timelines: readonly TimelineState[]
  readonly relations: RelationHistory
  readonly presentation: CompanionReport['presentation']
  /** How often it presents timestamps, as far as that is known. */
  readonly presentationIntervalMillis: number | undefined
  readonly wallClock: CompanionReport['wallClock']
  /** How often it asks the time, as far as that is known. */
  readonly wallClockIntervalMillis: number | undefined
  readonly badMessages: number
  /** Connections on which bytes wait, at this look and at the last. */
  readonly unread: readonly Connection[]
}

/** Presentations that differ by more are seen and heard. */
const LATE_SECONDS = 0.05
/** How long a player may take after a change to be in step again. */
const SETTLE_MILLIS = 2500
/** A companion does everything each second, unless it has another rhythm. */
const SILENCE_MILLIS = 3500
const MISSED_INTERVALS = 3
const SEVERAL_BAD_MESSAGES = 3

/** What is wrong with a companion, for people, the worst first. */
export function problemsOf(symptoms: Symptoms): string[] {
  return [
    ...setupProblems(symptoms),
    ...presentationProblems(symptoms),
    ...wallClockProblems(symptoms),
    ...connectionProblems(symptoms),
  ]
}

function setupProblems({ setup, contentId, timelines }: Symptoms): string[] {
  if (setup === undefined) return []
  const { contentIdStem, timelineSelector } = setup
  const problems: string[] = []
  if (!timelines.some(({ selector }) => selector === timelineSelector)) {
    problems.push(`It requests the timeline “${visible(timelineSelector)}”, which this television does not have.`)
  }
  // While the television tunes there is no content, and no timeline for anybody.
  if (contentId !== null && !contentIdMatches(contentId, contentIdStem)) {
    problems.push(`Its stem “${visible(contentIdStem)}” does not match the content, so it gets no timeline.`)
  }
  return problems
}

function presentationProblems(symptoms: Symptoms): string[] {
  const { now, presentation, relations, presentationIntervalMillis } = symptoms
  if (presentation === null) return []
  const since = Math.max(presentation.at, orNever(relations.availableAt))
  const silence = silenceAfter(presentationIntervalMillis)
  if (isSilent(now, since, silence) && presentationIntervalMillis !== undefined) {
    const seconds = secondsText(now - presentation.at)
    return [`It has not reported what it presents for ${seconds}, although it did before.`]
  }
  const { at, lateSeconds } = presentation
  if (lateSeconds === null || Math.abs(lateSeconds) <= LATE_SECONDS) return []
  if (!(at - relations.jumpedAt >= SETTLE_MILLIS)) return []
  const millis = Math.round(Math.abs(lateSeconds) * 1000)
  const amount = millis < 10_000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`
  return [`It presents ${amount} ${lateSeconds > 0 ? 'later' : 'earlier'} than the television.`]
}

function wallClockProblems({
  now,
  observedSince,
  setup,
  wallClock,
  wallClockIntervalMillis,
  relations,
}: Symptoms): string[] {
  if (setup === undefined || Number.isNaN(relations.availableAt)) return []
  const since = Math.max(wallClock?.lastRequestAt ?? 0, observedSince, relations.availableAt)
  if (!isSilent(now, since, silenceAfter(wallClockIntervalMillis))) return []
  if (wallClock === null) return ['It follows a timeline but sends no wall clock requests.']
  return [`It has sent no wall clock request for ${secondsText(now - wallClock.lastRequestAt)}.`]
}

function connectionProblems({ badMessages, unread }: Symptoms): string[] {
  const problems = unread.map(({ bufferedAmount }) => `It reads too slowly: ${bufferedAmount} bytes are waiting.`)
  if (badMessages >= SEVERAL_BAD_MESSAGES) problems.push(`It has sent ${badMessages} invalid messages.`)
  return problems
}

function silenceAfter(intervalMillis: number | undefined): number {
  return Math.max(SILENCE_MILLIS, MISSED_INTERVALS * (intervalMillis ?? 0))
}

/** While the timeline is unavailable, nothing is expected. */
function isSilent(now: number, since: number, silence: number): boolean {
  return Number.isFinite(since) && now - since >= silence
}

function orNever(time: number): number {
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
}

function secondsText(millis: number): string {
  const seconds = Math.round(millis / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
