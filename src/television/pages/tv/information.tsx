import { Fragment } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { type LiveConnection, timecode } from '../shared/index.js'
import { KEYS } from './keys.js'
import type { Picture, PictureMode } from './picture.js'
import { useMedia } from './use-media.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
}

const MODES: Readonly<Record<PictureMode, string>> = {
  alone: 'not connected',
  following: 'another page drives',
  aligning: 'getting in step',
  driving: 'this page drives',
}

/** What is on, where it is, and how a phone joins. */
export function Information({ live, picture }: Props) {
  const { setting, state } = live.sections.value
  const programme = picture.programme.value
  return (
    <aside class="information">
      <section class="panel">
        <p class="muted">{setting?.friendlyName ?? 'Television'}</p>
        <h2>{programme?.title ?? 'No programme'}</h2>
        <Timecode picture={picture} />
        <dl>
          <dt class="wide">Content id</dt>
          <dd class="wide code">{state === undefined ? '–' : breakable(state.contentId)}</dd>
          <dt>Status</dt>
          <dd>{state?.presentationStatus.join(' ') ?? '–'}</dd>
          <dt>Timeline</dt>
          <dd>{MODES[picture.mode.value]}</dd>
        </dl>
        <Programmes live={live} picture={picture} />
        <Hints picture={picture} />
      </section>
      <section class="panel join">
        <h2>Follow on a phone</h2>
        <img src="pages/companion-qr.svg" alt="QR code of the companion page" width="200" height="200" />
        {setting !== undefined && <a href={setting.companionUrl}>{breakable(setting.companionUrl)}</a>}
      </section>
    </aside>
  )
}

function Hints({ picture }: { readonly picture: Picture }) {
  const { muted } = useMedia(picture.media)
  return (
    <>
      {muted && (
        <p class="hint muted">
          Keep this tab visible: browsers pause a hidden tab that plays no sound, and the television with it.
        </p>
      )}
      <details class="hint">
        <summary>Keyboard</summary>
        <dl>
          {KEYS.map(([keys, action]) => (
            <Fragment key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{action}</dd>
            </Fragment>
          ))}
        </dl>
      </details>
    </>
  )
}

/** An address that is broken between its parts rather than within a word. */
function breakable(url: string) {
  const parts = url.replace(/^https?:\/\//, '').split(/(?<=[/;~.:])(?=[^/;~.:])/)
  return parts.flatMap((part, index) => (index === 0 ? part : [<wbr key={index} />, part]))
}

/** Written past Preact, with each frame. */
function Timecode({ picture }: { readonly picture: Picture }) {
  const output = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    let frame = 0
    const write = () => {
      if (output.current !== null) output.current.textContent = timecode(picture.media.currentTime)
      frame = requestAnimationFrame(write)
    }
    write()
    return () => cancelAnimationFrame(frame)
  }, [])
  return <p class="timecode number" ref={output} />
}

function Programmes({ live, picture }: Props) {
  const programmes = live.sections.value.programmes ?? []
  if (programmes.length < 2) return null
  return (
    <label class="programmes">
      Programme
      <select
        value={picture.programme.value?.id ?? ''}
        disabled={picture.mode.value !== 'driving'}
        onChange={(event) => live.send({ type: 'select', programme: event.currentTarget.value })}
      >
        {picture.programme.value === undefined && <option value="">none</option>}
        {programmes.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
}
