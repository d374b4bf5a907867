import type { UnavailableReason } from '../../../companion/index.js'
import type { MediaFollowerState, PlayerLimit } from '../../../companion/media/index.js'

/** What the page is doing, or what keeps it from following. */
export type FollowState =
  | { readonly name: 'ready' | 'connecting' | 'lost' | 'no-media' }
  | { readonly name: 'refused' | 'unplayable'; readonly detail: string }
  | { readonly name: 'unavailable'; readonly reason: UnavailableReason; readonly detail: string }
  | { readonly name: 'follower'; readonly follower: MediaFollowerState; readonly limits: readonly PlayerLimit[] }

/** A state in words. */
export interface StateText {
  /** `busy`: it is about to follow; `problem`: it cannot, and the user may have to do something. */
  readonly mood: 'idle' | 'good' | 'busy' | 'problem'
  readonly title: string
  /** What to do, or what happens next; undefined if nothing needs to be said. */
  readonly advice?: string
}

const RECONNECTS = 'This page connects again by itself.'

const FOLLOWER: Readonly<Record<MediaFollowerState, StateText>> = {
  locked: { mood: 'good', title: 'In step' },
  adjusting: { mood: 'busy', title: 'Getting in step' },
  seeking: { mood: 'busy', title: 'Jumping to the position of the television' },
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
    title: 'As close as this browser gets',
    advice: 'It cannot place the media more exactly. Another browser may.',
  },
  outside: {
    mood: 'problem',
    title: 'The television is outside of this programme',
    advice: 'It is before the beginning or after the end of the media. Playback starts when it comes back.',
  },
  blocked: {
    mood: 'problem',
    title: 'The browser does not allow playback yet',
    advice: 'Tap Play: browsers want a gesture before they play sound.',
  },
  unsupported: {
    mood: 'problem',
    title: 'This browser cannot play the programme',
    advice: 'Choose another version, or open the page in another browser.',
  },
  failing: {
    mood: 'problem',
    title: 'The player reports an error',
    advice: 'It is tried again. Reloading the page may help.',
  },
  unavailable: { mood: 'busy', title: 'Waiting for the position of the television' },
  stopped: { mood: 'idle', title: 'Not following' },
}

const NO_CLOCK: StateText = {
  mood: 'problem',
  title: 'The clock of the television is not known',
  advice: 'It does not answer, or the network is too slow. The page keeps asking; move nearer to the access point.',
}

/** What a user is told. */
export function textOf(state: FollowState): StateText {
  switch (state.name) {
    case 'ready':
      return { mood: 'idle', title: 'Ready' }
    case 'connecting':
      return { mood: 'busy', title: 'Connecting to the television' }
    case 'lost':
      return {
        mood: 'problem',
        title: 'The television cannot be reached',
        advice: `It is off, or this device has left its network. ${RECONNECTS}`,
      }
    case 'refused':
      return { mood: 'problem', title: 'The television refuses this page', advice: state.detail }
    case 'no-media':
      return {
        mood: 'problem',
        title: 'Nothing to play for this content',
        advice: 'The television shows content of which it offers no media. Playback starts when it shows a programme.',
      }
    case 'unplayable':
      return {
        mood: 'problem',
        title: 'This browser cannot play the programme',
        advice: `${state.detail} Choose another version, or open the page in another browser.`,
      }
    case 'unavailable':
      return unavailableText(state.reason, state.detail)
    case 'follower':
      return state.limits.includes('timers-slow') && state.follower !== 'blocked'
        ? { mood: 'busy', title: 'Slowed down by the browser', advice: 'Keep this page in front and the screen on.' }
        : FOLLOWER[state.follower]
  }
}

function unavailableText(reason: UnavailableReason, detail: string): StateText {
  switch (reason) {
    case 'wall-clock':
    case 'no-wall-clock':
    case 'no-udp':
      return NO_CLOCK
    case 'cii':
    case 'ts':
      return { mood: 'busy', title: 'Waiting for the television', advice: RECONNECTS }
    case 'timeline':
    case 'no-timeline':
    case 'no-ts':
    case 'tick-rate':
      return {
        mood: 'problem',
        title: 'The television has no timeline now',
        advice: 'It may be switching to other content. Playback starts when it says where it is.',
      }
    case 'stopped':
      return { mood: 'idle', title: detail }
  }
}
