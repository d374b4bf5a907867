import type { MediaFollowerState } from '../../../companion/media/index.js'
import type { Follow } from './follow.js'
import { textOf } from './follow-state.js'

/** What the page is doing, and what the user can do about it. */
export function StateCard({ follow }: { readonly follow: Follow }) {
  const { mood, title, advice, action, detail } = textOf(follow.state.value)
  return (
    <section class={`panel state ${mood}`} aria-label="State">
      <div role="status">
        <h2>
          <span class="lamp" aria-hidden="true" /> {title}
        </h2>
        {advice !== undefined && <p class="muted">{advice}</p>}
      </div>
      <ErrorText follow={follow} />
      {action === 'play' && (
        <button type="button" class="primary" onClick={() => follow.retry()}>
          Play
        </button>
      )}
      {action === 'reload' && (
        <button type="button" onClick={() => follow.reload()}>
          Try again
        </button>
      )}
      {detail !== undefined && <p class="muted code detail">{detail}</p>}
    </section>
  )
}

/** In these states the error says how well the media follows. */
const PLAYING: ReadonlySet<MediaFollowerState> = new Set(['locked', 'limited', 'adjusting', 'seeking', 'paused'])

/** The error in words. Not announced: it changes five times a second. */
function ErrorText({ follow }: { readonly follow: Follow }) {
  const { errorSeconds, follower } = follow.measurement.value
  if (follow.state.value.name !== 'follower' || errorSeconds === undefined) return null
  if (follower === undefined || !PLAYING.has(follower.state)) return null
  const millis = Math.abs(errorSeconds) * 1000
  return (
    <p class="how-far">
      <strong class="number">{sizeText(millis)}</strong>{' '}
      <span class="muted">{errorSeconds > 0 ? 'ahead' : 'behind'}</span>
    </p>
  )
}

function sizeText(millis: number): string {
  if (millis < 1) return '< 1 ms'
  return millis < 10_000 ? `${Math.round(millis)} ms` : `${Math.round(millis / 1000)} s`
}
