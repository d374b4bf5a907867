import type { UnavailableReason } from '../../../companion/index.js'
import type { MediaFollowerState, MediaReach, PlayerLimit } from '../../../companion/media/index.js'

/** What a media element does. */
export interface FollowerState {
  readonly name: 'follower'
  readonly follower: MediaFollowerState
  readonly limits: readonly PlayerLimit[]
  readonly reach?: MediaReach
  /** Whether the page has been in the background a moment ago. */
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

const RECONNECTS = 'This page connects again by itself.'
const IN_FRONT = 'Keep this page in front and the screen on: browsers pause or slow down pages that are not seen.'

const FOLLOWER: Readonly<Record<MediaFollowerState, StateText>> = {
  locked: { mood: 'good', title: 'In step with the television' },
  adjusting: { mood: 'busy', title: 'Getting in step' },
  seeking: { mood: 'busy', title: 'Jumping to where the television is' },
  loading: {
    mood: 'busy',
    title: 'Loading',
    advice: 'If this takes long, the network is too slow for this programme.',
  },
  paused: { mood: 'good', title: 'Paused, as the television is' },
  stepping: {
    mood: 'good',
    title: 'Showing single pictures',
    advice: 'The television plays at a speed that this browser cannot play.',
  },
  limited: {
    mood: 'busy',
    title: 'Nearly in step',
    advice: 'This browser cannot place the media more exactly now. It tries again later.',
  },
  outside: {
    mood: 'problem',
    title: 'The television is outside this programme',
    advice: 'Playback starts when the television is back at a position that the media has.',
  },
  blocked: {
    mood: 'problem',
    title: 'The browser has blocked playback',
    advice: 'Tap Play: browsers want a tap before they play sound.',
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
    advice: 'It is tried again by itself. If this lasts, reload the page.',
  },
  unavailable: { mood: 'busy', title: 'Asking the television where it is' },
  stopped: { mood: 'idle', title: 'Not following' },
}

const OUTSIDE: Readonly<Record<MediaReach, string>> = {
  inside: '',
  before: 'The television is before the beginning of the media. Playback starts when it gets there.',
  after: 'The television is past the end of the media. Playback starts when it comes back.',
  gap: 'The media has nothing at this position. Playback goes on after the gap.',
}

/** What the user is told. */
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
        advice: `Playback goes on, but changes on the television are not seen. ${RECONNECTS}`,
      }
    case 'refused':
      return { mood: 'problem', title: 'The television refuses this page', advice: state.detail }
    case 'hidden':
      return { mood: 'busy', title: 'In the background', advice: IN_FRONT }
    case 'switching':
      return { mood: 'busy', title: 'The television is switching', advice: 'This page goes along by itself.' }
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
  if (wasHidden) return { ...text, advice: `It was in the background. ${IN_FRONT}` }
  return text
}

const NO_CLOCK: StateText = {
  mood: 'problem',
  title: 'The clock of the television does not answer',
  advice: 'The network may be too slow or too busy: go nearer to the access point. The page keeps asking.',
}
const NO_BROWSER_CLOCK: StateText = {
  mood: 'problem',
  title: 'The television has no clock for browsers',
  advice:
    'Browsers need its clock over a WebSocket. Whoever runs the television can add that; an app on this device may work.',
}
const NO_CONNECTION: StateText = { mood: 'busy', title: 'Waiting for the television', advice: RECONNECTS }
const NO_TIMELINE: StateText = {
  mood: 'problem',
  title: 'The television does not say where it is',
  advice: 'It has no timeline now, as during a change of content. Playback starts when it has one.',
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

/** Nobody sees or hears a smaller error. */
const IN_STEP_SECONDS = 0.01

/** What a viewer is told of a follower: small corrections go on all the time. */
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
