import { useEffect, useRef, useState } from 'preact/hooks'
import type { LiveConnection } from '../shared/index.js'
import { Controls } from './controls.js'
import { Information } from './information.js'
import { useKeys } from './keys.js'
import { Notices, StartButton } from './notices.js'
import type { Picture } from './picture.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
  /** Whether to show nothing but the picture. */
  readonly isClean: boolean
}

/** On the full screen, controls and pointer vanish after so long without a movement. */
const IDLE_MILLIS = 3000

/** The page of the picture. */
export function TvPage({ live, picture, isClean }: Props) {
  const stage = useRef<HTMLDivElement>(null)
  const screen = useRef<HTMLDivElement>(null)
  const isIdle = useIdle()
  useEffect(() => {
    screen.current?.prepend(picture.media)
    picture.media.addEventListener('click', () => {
      if (picture.sound.peek() !== 'on') picture.allowSound()
      else if (picture.isMovable) picture.togglePlay()
    })
  }, [])
  useKeys(picture, stage)
  const name = live.sections.value.setting?.friendlyName ?? 'Television'
  const title = picture.programme.value?.title
  useEffect(() => {
    document.title = `${title === undefined ? '' : `${title} · `}${name}`
  }, [name, title])
  return (
    <main>
      <h1 class="visually-hidden">{name}</h1>
      <div class={`stage ${isIdle ? 'idle' : ''}`} ref={stage}>
        <div class="screen" ref={screen}>
          {isClean ? <CleanNotices picture={picture} /> : <Notices live={live} picture={picture} />}
        </div>
        {!isClean && <Controls picture={picture} stage={stage} />}
      </div>
      {!isClean && <Information live={live} picture={picture} />}
    </main>
  )
}

/** Nothing, unless the browser does not even show the picture before a click. */
function CleanNotices({ picture }: { readonly picture: Picture }) {
  if (picture.sound.value !== 'blocked') return null
  return (
    <div class="notices">
      <StartButton picture={picture} />
    </div>
  )
}

function useIdle(): boolean {
  const [isIdle, setIdle] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const moved = () => {
      clearTimeout(timer)
      timer = setTimeout(() => setIdle(true), IDLE_MILLIS)
      setIdle(false)
    }
    const types = ['pointermove', 'pointerdown', 'keydown']
    for (const type of types) document.addEventListener(type, moved)
    moved()
    return () => {
      clearTimeout(timer)
      for (const type of types) document.removeEventListener(type, moved)
    }
  }, [])
  return isIdle
}
