import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Picture } from './picture.js'

const STEP_SECONDS = 5
/** The rates that the page offers. */
export const RATES = [0.25, 0.5, 1, 1.5, 2, 4]

/** The keys of the page, for people. */
export const KEYS: readonly (readonly [keys: string, action: string])[] = [
  ['Space', 'play or pause'],
  ['← →', `${STEP_SECONDS} s back or forward`],
  ['Home End', 'to the beginning or the end'],
  ['< >', 'slower or faster'],
  ['M', 'sound off or on'],
  ['F', 'full screen'],
]

/** The keys of video players: space, arrows, home, end, <, >, f, m. */
export function useKeys(picture: Picture, stage: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { target, key } = event
      if (target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return
      // The volume slider has arrow keys of its own. Those of the position would move it by a frame, and are taken by the page.
      if (target instanceof HTMLInputElement && !target.classList.contains('seek')) return
      if (key === ' ' && target instanceof Element && target.matches('button, summary, a')) return
      const action = actionOf(key, picture, stage)
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}

function actionOf(key: string, picture: Picture, stage: RefObject<HTMLElement | null>): (() => void) | undefined {
  const { media } = picture
  switch (key) {
    case 'f':
      return () => toggleFullscreen(stage.current)
    case 'm':
      return () => toggleMute(picture)
  }
  if (!picture.isMovable) return undefined
  switch (key) {
    case ' ':
    case 'k':
      return () => picture.togglePlay()
    case 'ArrowLeft':
      return () => picture.seekTo(media.currentTime - STEP_SECONDS)
    case 'ArrowRight':
      return () => picture.seekTo(media.currentTime + STEP_SECONDS)
    case 'Home':
      return () => picture.seekTo(0)
    case 'End':
      return () => picture.seekTo(media.duration)
    case '<':
      return () => picture.setRate(RATES.findLast((rate) => rate < media.playbackRate) ?? media.playbackRate)
    case '>':
      return () => picture.setRate(RATES.find((rate) => rate > media.playbackRate) ?? media.playbackRate)
    default:
      return undefined
  }
}

/** Shows the picture and its controls on the full screen. */
export function toggleFullscreen(stage: HTMLElement | null): void {
  if (document.fullscreenElement === null) void stage?.requestFullscreen()
  else void document.exitFullscreen()
}

export function toggleMute({ media }: Picture): void {
  media.muted = !media.muted
  if (!media.muted && media.volume === 0) media.volume = 1
}

/** @param volume from 0 to 1 */
export function setVolume(media: HTMLMediaElement, volume: number): void {
  media.volume = Math.min(Math.max(volume, 0), 1)
  media.muted = media.volume === 0
}
