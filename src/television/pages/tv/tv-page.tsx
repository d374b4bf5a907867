import { useEffect, useRef } from 'preact/hooks'
import type { LiveConnection } from '../shared/index.js'
import { Controls } from './controls.js'
import { Information } from './information.js'
import { useKeys } from './keys.js'
import { Notices } from './notices.js'
import type { Picture } from './picture.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
  /** Whether to show nothing but the picture. */
  readonly isClean: boolean
}

/** The page of the picture. */
export function TvPage({ live, picture, isClean }: Props) {
  const screen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    screen.current?.prepend(picture.media)
  }, [])
  useKeys(picture, screen)
  const { setting } = live.sections.value
  const name = setting?.friendlyName ?? 'Television'
  useEffect(() => {
    document.title = `${name} · picture`
  }, [name])
  return (
    <main>
      <h1 class="visually-hidden">{name}</h1>
      <div class="stage">
        <div class="screen" ref={screen}>
          {!isClean && <Notices live={live} picture={picture} />}
        </div>
        {!isClean && <Controls live={live} picture={picture} screen={screen} />}
      </div>
      {!isClean && <Information live={live} picture={picture} />}
    </main>
  )
}
