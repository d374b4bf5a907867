import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../shared/index.js'
import type { Follow } from './follow.js'
import { goesWithPicture } from './presentation.js'

/** The picture, or what stands for it, with the buttons that belong to it. */
export function Screen({ follow }: { readonly follow: Follow }) {
  const screen = useRef<HTMLDivElement>(null)
  const isStarted = follow.isStarted.value
  const { kind, label, language } = follow.alternative ?? {}
  const hasPicture = !goesWithPicture(kind) || follow.settings.value.withPicture
  const isText = kind === 'subtitles'
  return (
    <>
      <div class={`screen${hasPicture ? '' : ' without-picture'}`} ref={screen}>
        <Picture video={follow.video} />
        {!hasPicture && !isText && (
          <p class="sound-label" lang={language}>
            <Icon name="sound" /> {label}
          </p>
        )}
        {isText && isStarted && <Cues follow={follow} language={language} />}
        {!isStarted && (
          <button type="button" class="primary follow" onClick={() => follow.start()}>
            <Icon name="play" /> Follow
          </button>
        )}
      </div>
      {isStarted && (
        <div class="buttons">
          <button type="button" onClick={() => follow.stop()}>
            <Icon name="stop" /> Stop
          </button>
          {!(isText && !hasPicture) && <SoundButton follow={follow} />}
          {hasPicture && document.fullscreenEnabled && (
            <button type="button" onClick={() => void toggleFullscreen(screen.current)}>
              <Icon name="fullscreen" /> Full screen
            </button>
          )}
        </div>
      )}
    </>
  )
}

function Picture({ video }: { readonly video: HTMLVideoElement }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.append(video)
  }, [video])
  return (
    <div class="picture" ref={place}>
      <Icon name="television" />
    </div>
  )
}

function Cues({ follow, language }: { readonly follow: Follow; readonly language: string | undefined }) {
  const place = useRef<HTMLDivElement>(null)
  const cues = follow.subtitles.active.value
  useEffect(() => {
    // The browser's own rendering of the text: it has no scripts and loads nothing.
    place.current?.replaceChildren(...cues.map((cue) => cueElement(cue)))
  }, [cues])
  return <div class="cues" ref={place} lang={language} />
}

function cueElement(cue: VTTCue): HTMLElement {
  const element = document.createElement('p')
  element.append(cue.getCueAsHTML())
  return element
}

function SoundButton({ follow }: { readonly follow: Follow }) {
  const isMuted = follow.isMuted.value
  return (
    <button type="button" onClick={() => follow.mute(!isMuted)}>
      <Icon name={isMuted ? 'silence' : 'sound'} /> {isMuted ? 'Unmute' : 'Mute'}
    </button>
  )
}

async function toggleFullscreen(element: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen()
  else await element?.requestFullscreen().catch(() => undefined)
}
