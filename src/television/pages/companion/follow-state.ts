import type { UnavailableReason } from '../../../companion/index.js'
import type { MediaFollowerState, MediaReach, PlayerLimit } from '../../../companion/media/index.js'

/** The state of a media element that follows. */
export interface FollowerState {
  readonly name: 'follower'
  readonly follower: MediaFollowerState
  readonly limits: readonly PlayerLimit[]
  readonly reach?: MediaReach
  /** Whether the page was in the background until a moment ago. */
  readonly wasHidden: boolean
}

/** What the page is doing, or what keeps it from following. */
export type FollowState =
  | { readonly name: 'ready' | 'connecting' | 'lost' | 'lost-but-playing' | 'hidden' | 'switching' | 'no-media' }
  | { readonly name: 'refused' | 'unplayable'; readonly detail: string }
  /** `isNew`: it has not been so for long, as after the start. */
  | {
      readonly name: 'unavailable'
      readonly reason: UnavailableReason
      readonly detail: string
      readonly isNew: boolean
    }
  /** Subtitles without a picture. */
  | { readonly name: 'text'; readonly isLoaded: boolean; readonly isPaused: boolean }
  | FollowerState

/** `busy`: it is about to follow; `problem`: it cannot, and the user may have to do something. */
export type Mood = 'idle' | 'good' | 'busy' | 'problem'

/** A state in words. */
export interface StateText {
  readonly mood: Mood
  readonly title: string
  /** What to do, or what happens next; undefined if nothing needs to be said. */
  readonly advice?: string
  /** What the user can do about it on this page. */
  readonly action?: 'play' | 'reload'
  /** For engineers. */
  readonly detail?: string
}

const RECONNECTS = 'This page reconnects automatically.'
const IN_FRONT = 'Keep this page visible and the screen on: browsers pause or slow down hidden pages.'

const FOLLOWER: Readonly<Record<MediaFollowerState, StateText>> = {
  locked: { mood: 'good', title: 'In step with the television' },
  adjusting: { mood: 'busy', title: 'Getting in step' },
  seeking: { mood: 'busy', title: 'Seeking to the position of the television' },
  loading: {
    mood: 'busy',
    title: 'Loading',
    advice: 'If this takes long, the network is too slow for this programme.',
  },
  paused: { mood: 'good', title: 'Paused with the television' },
  stepping: {
    mood: 'good',
    title: 'Showing single frames',
    advice: 'The television plays at a speed that this browser cannot play.',
  },
  limited: {
    mood: 'busy',
    title: 'Nearly in step',
    advice: 'This browser cannot get any closer at the moment. The page tries again later.',
  },
  outside: {
    mood: 'problem',
    title: 'The television is outside this programme',
    advice: 'Playback starts when the television returns to a position within the media.',
  },
  blocked: {
    mood: 'problem',
    title: 'The browser has blocked playback',
    advice: 'Tap Play: browsers require a tap before they play sound.',
    action: 'play',
  },
  unsupported: {
    mood: 'problem',
    title: 'This browser cannot play this version',
    advice: 'Choose another version, or open the page in another browser.',
    action: 'reload',
  },
  failing: {
    mood: 'problem',
    title: 'The player reports an error',
    advice: 'The page retries automatically. If the error persists, reload the page.',
  },
  unavailable: { mood: 'busy', title: 'Waiting for the position of the television' },
  stopped: { mood: 'idle', title: 'Not following' },
}

const OUTSIDE: Readonly<Record<MediaReach, string>> = {
  inside: '',
  before: 'The television is before the beginning of the media. Playback starts when it gets there.',
  after: 'The television is past the end of the media. Playback starts when it comes back.',
  gap: 'The media has a gap at this position. Playback continues after the gap.',
}

/** The text shown to the user. */
export function textOf(state: FollowState): StateText {
  switch (state.name) {
    case 'ready':
      return {
        mood: 'idle',
        title: 'Ready',
        advice: 'Tap Follow: this device then plays what the television plays, in step with it.',
      }
    case 'connecting':
      return { mood: 'busy', title: 'Connecting to the television' }
    case 'lost':
      return {
        mood: 'problem',
        title: 'The television cannot be reached',
        advice: `Check that it is on, and that this device is in the same network. ${RECONNECTS}`,
      }
    case 'lost-but-playing':
      return {
        mood: 'problem',
        title: 'Connection lost',
        advice: `Playback continues, but without changes made on the television. ${RECONNECTS}`,
      }
    case 'refused':
      return { mood: 'problem', title: 'The television refuses this page', advice: state.detail }
    case 'hidden':
      return { mood: 'busy', title: 'In the background', advice: IN_FRONT }
    case 'switching':
      return { mood: 'busy', title: 'The television is switching', advice: 'This page follows automatically.' }
    case 'no-media':
      return {
        mood: 'problem',
        title: 'Nothing to play for this content',
        advice: 'The television shows content without media for this page. Playback starts when it shows a programme.',
      }
    case 'unplayable':
      return { ...FOLLOWER.unsupported, detail: state.detail }
    case 'unavailable':
      return state.isNew ? FOLLOWER.unavailable : { ...UNAVAILABLE[state.reason], detail: state.detail }
    case 'text':
      return textOfText(state)
    case 'follower':
      return followerText(state)
  }
}

function textOfText({ isLoaded, isPaused }: FollowState & { readonly name: 'text' }): StateText {
  if (!isLoaded) return { mood: 'busy', title: 'Loading subtitles' }
  return isPaused ? FOLLOWER.paused : FOLLOWER.locked
}

function followerText({ follower, limits, reach, wasHidden }: FollowerState): StateText {
  const text = FOLLOWER[follower]
  if (follower === 'outside') return { ...text, advice: OUTSIDE[reach ?? 'inside'] || (text.advice ?? '') }
  if (text.mood === 'problem') return text
  if (limits.includes('timers-slow')) return { mood: 'busy', title: 'Slowed down by the browser', advice: IN_FRONT }
  if (wasHidden) return { ...text, advice: `This page was in the background. ${IN_FRONT}` }
  return text
}

const NO_CLOCK: StateText = {
  mood: 'problem',
  title: 'The clock of the television does not answer',
  advice: 'The network may be too slow or too busy: move closer to the access point. The page keeps trying.',
}
const NO_BROWSER_CLOCK: StateText = {
  mood: 'problem',
  title: 'The television has no clock for browsers',
  advice:
    'Browsers need a wall clock over WebSocket, which this television does not offer. A companion app may still work.',
}
const NO_CONNECTION: StateText = { mood: 'busy', title: 'Waiting for the television', advice: RECONNECTS }
const NO_TIMELINE: StateText = {
  mood: 'problem',
  title: 'The television reports no position',
  advice: 'It has no timeline at the moment, for example during a change of content. Playback starts when it has one.',
}

const UNAVAILABLE: Readonly<Record<UnavailableReason, StateText>> = {
  'wall-clock': NO_CLOCK,
  'no-wall-clock': NO_BROWSER_CLOCK,
  'no-udp': NO_BROWSER_CLOCK,
  cii: NO_CONNECTION,
  ts: NO_CONNECTION,
  timeline: NO_TIMELINE,
  'no-timeline': NO_TIMELINE,
  'no-ts': NO_TIMELINE,
  'tick-rate': NO_TIMELINE,
  stopped: { mood: 'idle', title: 'Not following' },
}

/** Smaller errors are imperceptible. */
const IN_STEP_SECONDS = 0.01

/** The follower state shown to viewers. It hides small corrections, which never stop. */
export function stateForViewers(follower: MediaFollowerState, errorSeconds: number | undefined): MediaFollowerState {
  const isCorrecting = follower === 'adjusting' || follower === 'limited'
  return isCorrecting && Math.abs(errorSeconds ?? 1) <= IN_STEP_SECONDS ? 'locked' : follower
}

const MOODS: readonly Mood[] = ['problem', 'busy', 'good', 'idle']

/** Of picture and sound, the one that follows less well. */
export function worstOf(states: readonly FollowState[]): FollowState {
  const rank = (state: FollowState) => MOODS.indexOf(textOf(state).mood)
  const [first, ...others] = states
  return others.reduce((worst, state) => (rank(state) < rank(worst) ? state : worst), first ?? { name: 'ready' })
}
