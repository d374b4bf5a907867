import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Picture } from './picture.js'

const STEP_SECONDS = 5
/** The rates that the page offers. */
export const RATES = [0.25, 0.5, 1, 1.5, 2, 4]

/** The keys of video players: space, arrows, home, end, <, >, f, m. */
export function useKeys(picture: Picture, screen: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === ' ' && event.target instanceof HTMLButtonElement) return
      const action = actionOf(event.key, picture, screen)
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}

function actionOf(key: string, picture: Picture, screen: RefObject<HTMLElement | null>): (() => void) | undefined {
  const { media } = picture
  if (key === 'f') return () => toggleFullscreen(screen.current)
  if (key === 'm') return () => toggleMute(picture)
  if (picture.mode.value === 'following' || picture.mode.value === 'aligning') return undefined
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

export function toggleFullscreen(screen: HTMLElement | null): void {
  if (document.fullscreenElement === null) void screen?.requestFullscreen()
  else void document.exitFullscreen()
}

export function toggleMute(picture: Picture): void {
  if (picture.media.muted) picture.allowSound()
  else picture.media.muted = true
}
