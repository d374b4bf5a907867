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

/** The error in words. Not announced: it changes five times a second. */
function ErrorText({ follow }: { readonly follow: Follow }) {
  const { errorSeconds, follower } = follow.measurement.value
  if (follow.state.value.name !== 'follower' || errorSeconds === undefined || follower?.state === 'outside') return null
  const millis = Math.round(Math.abs(errorSeconds) * 1000)
  const where = millis === 0 ? 'exactly' : errorSeconds > 0 ? 'ahead' : 'behind'
  return (
    <p class="how-far">
      <strong class="number">{millis < 10_000 ? `${millis} ms` : `${Math.round(millis / 1000)} s`}</strong>{' '}
      <span class="muted">{where}</span>
    </p>
  )
}
