import { useEffect, useRef } from 'preact/hooks'
import type { Alternative } from '../../protocol/index.js'
import { Icon, type LiveConnection, millisText, timecode } from '../shared/index.js'
import { Calibration } from './calibration.js'
import { ErrorPlot } from './error-plot.js'
import type { Follow } from './follow.js'
import { textOf } from './follow-state.js'

interface Props {
  readonly live: LiveConnection
  readonly follow: Follow
}

/** The page for phones. */
export function CompanionPage({ live, follow }: Props) {
  const { setting } = live.sections.value
  const name = setting?.friendlyName ?? 'Television'
  const isFollowing = follow.state.value.name !== 'ready'
  useEffect(() => {
    document.title = `${name} · companion`
  }, [name])
  return (
    <main>
      <header>
        <h1>{name}</h1>
        <p class="muted">{follow.programme?.title ?? ''}</p>
      </header>
      <Screen follow={follow} />
      <State live={live} follow={follow} />
      <Versions follow={follow} />
      {isFollowing && <Numbers follow={follow} />}
      <Calibration follow={follow} />
    </main>
  )
}

function Screen({ follow }: { readonly follow: Follow }) {
  const screen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    screen.current?.append(follow.media)
  }, [])
  const kind = follow.alternative?.kind
  const isSound = kind === 'audio' || kind === 'audio-description'
  const { state } = follow
  const isIdle = state.value.name === 'ready'
  return (
    <div class={`screen${isSound ? ' sound' : ''}${isIdle ? ' idle' : ''}`} ref={screen}>
      {isSound && <p class="sound-label">{follow.alternative?.label}</p>}
      {isIdle && (
        <button type="button" class="primary follow" onClick={() => follow.start()}>
          <Icon name="play" /> Follow
        </button>
      )}
    </div>
  )
}

function State({ follow }: Props) {
  const state = follow.state.value
  const { mood, title, advice } = textOf(state)
  const canRetry = state.name === 'follower' && state.follower === 'blocked'
  return (
    <section class={`panel state ${mood}`} aria-live="polite">
      <div>
        <h2>{title}</h2>
        {state.name === 'ready' && <p class="muted">Tap Follow to play what the television plays, in step with it.</p>}
        {advice !== undefined && <p class="muted">{advice}</p>}
      </div>
      {canRetry && (
        <button type="button" class="primary" onClick={() => follow.retry()}>
          Play
        </button>
      )}
      {state.name !== 'ready' && !canRetry && (
        <button type="button" onClick={() => follow.stop()}>
          Stop
        </button>
      )}
    </section>
  )
}

const KINDS: Readonly<Record<Alternative['kind'], string>> = {
  audio: 'Sound',
  'audio-description': 'Audio description',
  video: 'Picture',
  subtitles: 'Subtitles',
}

function Versions({ follow }: { readonly follow: Follow }) {
  const alternatives = follow.programme?.alternatives ?? []
  if (alternatives.length === 0) return null
  return (
    <label class="panel versions">
      Version
      <select value={follow.choice.value} onChange={(event) => follow.choose(event.currentTarget.value)}>
        <option value="programme">Picture and sound of the television</option>
        {alternatives.map(({ id, kind, label }) => (
          <option key={id} value={id}>
            {KINDS[kind]}: {label}
          </option>
        ))}
      </select>
    </label>
  )
}

function Numbers({ follow }: { readonly follow: Follow }) {
  const { positionSeconds, errorSeconds, boundSeconds, roundTripSeconds, follower } = follow.measurement.value
  const millis = (seconds: number | undefined) => (seconds === undefined ? '–' : `${(seconds * 1000).toFixed(1)} ms`)
  return (
    <section class="panel numbers" aria-label="Measurements">
      <ErrorPlot follow={follow} />
      <dl>
        <div>
          <dt>Error</dt>
          <dd class="number">{millisText(errorSeconds)}</dd>
        </div>
        <div>
          <dt>Error bound</dt>
          <dd class="number">± {millis(boundSeconds)}</dd>
        </div>
        <div>
          <dt>Round trip</dt>
          <dd class="number">{millis(roundTripSeconds)}</dd>
        </div>
        <div>
          <dt>Position</dt>
          <dd class="number">{positionSeconds === undefined ? '–' : timecode(positionSeconds)}</dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd class="number">{follower?.speed === undefined ? '–' : `${Number(follower.speed.toFixed(3))} ×`}</dd>
        </div>
        <div>
          <dt>Seeks</dt>
          <dd class="number">{follower?.seeks ?? 0}</dd>
        </div>
      </dl>
    </section>
  )
}
