import { useEffect, useState } from 'preact/hooks'
import { Icon, type LiveConnection } from '../shared/index.js'
import type { Picture } from './picture.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
}

/** What the viewer has to know or do, over the picture. */
export function Notices({ live, picture }: Props) {
  const { status, sections } = live
  const { state, seat } = sections.value
  const isHidden = useHidden()
  const failure = picture.failure.value
  const isSwitching = state?.presentationStatus[0] === 'transitioning'
  return (
    <div class="notices" aria-live="polite">
      {picture.sound.value !== 'on' && (
        <button type="button" class="primary big" onClick={() => picture.allowSound()}>
          <Icon name={picture.sound.value === 'blocked' ? 'play' : 'sound'} />{' '}
          {picture.sound.value === 'blocked' ? 'Play' : 'Sound on'}
        </button>
      )}
      {status.value === 'connecting' && <p class="notice">Connecting to the television…</p>}
      {status.value === 'lost' && (
        <p class="notice bad">
          The television cannot be reached. Playing on without it; this page connects again by itself.
        </p>
      )}
      {status.value === 'refused' && <p class="notice bad">{live.refusal.value?.detail}</p>}
      {isSwitching && <p class="notice">Switching…</p>}
      {state !== undefined && state.programme === null && !isSwitching && (
        <p class="notice warn">No picture: the content is none of the programmes of this television.</p>
      )}
      {failure !== undefined && (
        <p class="notice bad">
          This programme cannot be played: {failure} Most browsers play MP4 (H.264 and AAC) and WebM (VP8 or VP9 and
          Opus).
        </p>
      )}
      {picture.mode.value === 'following' && (
        <div class="notice">
          <p>
            Another page drives this television{seat?.driver != null && `, at ${seat.driver}`}. This one shows the same
            in step.
          </p>
          <button type="button" onClick={() => picture.drive()}>
            Drive from here
          </button>
        </div>
      )}
      {isHidden && picture.media.muted && (
        <p class="notice warn">Browsers pause a hidden tab without sound, and with it the television.</p>
      )}
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
