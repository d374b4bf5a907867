import { useEffect, useState } from 'preact/hooks'
import { Icon, type LiveConnection } from '../shared/index.js'
import type { Picture } from './picture.js'
import { HIGHEST_RATE } from './playback-reporter.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
}

/** What the viewer has to know or do, over the picture. */
export function Notices({ live, picture }: Props) {
  const isHidden = useHidden()
  return (
    <div class="notices" aria-live="polite">
      <StartButton picture={picture} />
      <Connection live={live} picture={picture} />
      <Content live={live} picture={picture} />
      {picture.mode.value === 'following' && <OtherDriver live={live} picture={picture} />}
      {picture.isRateLimited.value && <p class="notice">Browsers play at most at {HIGHEST_RATE} times normal speed.</p>}
      {isHidden && picture.media.muted && (
        <p class="notice warn">The browser pauses this tab while it is hidden, because it plays no sound.</p>
      )}
    </div>
  )
}

/** Shown while the browser waits for a gesture of the user. */
export function StartButton({ picture }: { readonly picture: Picture }) {
  const sound = picture.sound.value
  if (sound === 'on') return null
  return (
    <button type="button" class="primary big" onClick={() => picture.allowSound()}>
      <Icon name={sound === 'blocked' ? 'play' : 'sound'} /> {sound === 'blocked' ? 'Play' : 'Sound on'}
    </button>
  )
}

function Connection({ live, picture }: Props) {
  switch (live.status.value) {
    case 'connecting':
      return <p class="notice">Connecting to the television…</p>
    case 'lost':
      return (
        <p class="notice bad">
          The television cannot be reached. The picture continues without it; the page reconnects automatically.
        </p>
      )
    case 'refused':
      return <p class="notice bad">{live.refusal.value?.detail}</p>
    case 'connected':
      if (picture.hasClock.value) return null
      return (
        <p class="notice bad">
          {live.sections.value.setting?.wallClockPath === null
            ? 'The television has no wall clock for browsers, so this page cannot drive it.'
            : 'The wall clock of the television does not answer. The picture continues; the page drives again when it does.'}
        </p>
      )
  }
}

function Content({ live, picture }: Props) {
  const { state } = live.sections.value
  const failure = picture.failure.value
  if (live.status.value !== 'connected' || state === undefined) return null
  if (state.presentationStatus[0] === 'transitioning') return <p class="notice">Switching…</p>
  if (state.programme === null) {
    return <p class="notice warn">No picture: the content is none of the programmes of this television.</p>
  }
  if (failure === undefined) return null
  return (
    <p class="notice bad">
      This programme cannot be played. {failure} Most browsers play MP4 (H.264 and AAC) and WebM (VP8 or VP9 and Opus).
    </p>
  )
}

function OtherDriver({ live, picture }: Props) {
  const driver = live.sections.value.seat?.driver
  return (
    <div class="notice other">
      <p>Another page drives this television{driver != null && <> ({driver})</>}. This page follows it.</p>
      <button type="button" onClick={() => picture.drive()}>
        Drive from here
      </button>
    </div>
  )
}

function useHidden(): boolean {
  const [isHidden, setHidden] = useState(document.hidden)
  useEffect(() => {
    const changed = () => setHidden(document.hidden)
    document.addEventListener('visibilitychange', changed)
    return () => document.removeEventListener('visibilitychange', changed)
  }, [])
  return isHidden
}
