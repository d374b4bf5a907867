import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type FollowerState,
  type FollowState,
  stateForViewers,
  textOf,
  worstOf,
} from '../../../../src/television/pages/companion/follow-state.js'

const follower = (state: FollowerState['follower'], parts: Partial<FollowerState> = {}): FollowerState => ({
  name: 'follower',
  follower: state,
  limits: [],
  wasHidden: false,
  ...parts,
})

const unavailable = (reason: 'wall-clock' | 'no-udp' | 'ts' | 'timeline', isNew = false): FollowState => ({
  name: 'unavailable',
  reason,
  detail: 'a detail',
  isNew,
})

const DOCUMENTATION = readFileSync(new URL('../../../../docs/television.md', import.meta.url), 'utf8')
/** What speaks for itself, or never happens to this page. */
const UNDOCUMENTED = ['The player reports an error', 'The television refuses this page']

describe('textOf', () => {
  it.each<[FollowState, string, RegExp]>([
    [{ name: 'lost' }, 'The television cannot be reached', /same network.*reconnects automatically/],
    [{ name: 'lost-but-playing' }, 'Connection lost', /Playback continues.*reconnects automatically/],
    [{ name: 'no-media' }, 'Nothing to play for this content', /starts when it shows a programme/],
    [{ name: 'unplayable', detail: '' }, 'This browser cannot play this version', /another version.*another browser/],
    [{ name: 'refused', detail: 'Open another page.' }, 'The television refuses this page', /^Open another page\.$/],
    [unavailable('wall-clock'), 'The clock of the television does not answer', /closer to the access point/],
    [unavailable('no-udp'), 'The television has no clock for browsers', /WebSocket/],
    [unavailable('timeline'), 'The television reports no position', /starts when it has one/],
    [follower('blocked'), 'The browser has blocked playback', /Tap Play/],
    [follower('outside', { reach: 'before' }), 'The television is outside this programme', /before the beginning/],
    [follower('outside', { reach: 'after' }), 'The television is outside this programme', /past the end/],
    [follower('outside', { reach: 'gap' }), 'The television is outside this programme', /after the gap/],
    [follower('failing'), 'The player reports an error', /reload the page/],
  ])('says of %j what to do', (state, title, advice) => {
    const text = textOf(state)
    expect(text).toMatchObject({ mood: 'problem', title })
    expect(text.advice).toMatch(advice)
    if (!UNDOCUMENTED.includes(title)) expect(DOCUMENTATION).toContain(`| ${title} `)
  })

  it.each<[FollowState, string]>([
    [follower('locked'), 'In step with the television'],
    [follower('paused'), 'Paused with the television'],
    [follower('stepping'), 'Showing single frames'],
    [{ name: 'text', isLoaded: true, isPaused: false }, 'In step with the television'],
    [{ name: 'text', isLoaded: true, isPaused: true }, 'Paused with the television'],
  ])('is content with %j', (state, title) => {
    expect(textOf(state)).toMatchObject({ mood: 'good', title })
  })

  it.each<FollowState>([
    { name: 'connecting' },
    { name: 'switching' },
    { name: 'hidden' },
    { name: 'text', isLoaded: false, isPaused: false },
    unavailable('ts'),
    unavailable('wall-clock', true),
    follower('seeking'),
    follower('adjusting'),
    follower('loading'),
  ])('asks for patience at %j', (state) => {
    expect(textOf(state).mood).toBe('busy')
  })

  it('offers a button where one helps', () => {
    expect(textOf(follower('blocked')).action).toBe('play')
    expect(textOf({ name: 'unplayable', detail: 'no decoder' })).toMatchObject({
      action: 'reload',
      detail: 'no decoder',
    })
    expect(textOf({ name: 'lost' }).action).toBeUndefined()
  })

  it('explains that browsers slow down hidden pages', () => {
    expect(textOf(follower('adjusting', { wasHidden: true })).advice).toMatch(/in the background.*screen on/)
    expect(textOf(follower('locked', { limits: ['timers-slow'] }))).toMatchObject({
      mood: 'busy',
      title: 'Slowed down by the browser',
    })
    expect(textOf(follower('blocked', { limits: ['timers-slow'], wasHidden: true }))).toEqual(
      textOf(follower('blocked')),
    )
  })
})

describe('stateForViewers', () => {
  it('does not speak of corrections that nobody notices', () => {
    expect(stateForViewers('adjusting', -0.006)).toBe('locked')
    expect(stateForViewers('limited', 0.009)).toBe('locked')
    expect(stateForViewers('adjusting', 0.03)).toBe('adjusting')
    expect(stateForViewers('adjusting', undefined)).toBe('adjusting')
    expect(stateForViewers('paused', 0)).toBe('paused')
  })
})

describe('worstOf', () => {
  it('is the state of the player that follows less well', () => {
    expect(worstOf([follower('locked'), follower('adjusting')])).toEqual(follower('adjusting'))
    expect(worstOf([follower('blocked'), follower('locked')])).toEqual(follower('blocked'))
    expect(worstOf([follower('locked'), follower('paused')])).toEqual(follower('locked'))
  })
})
