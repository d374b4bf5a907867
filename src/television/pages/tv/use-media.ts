import { useEffect, useState } from 'preact/hooks'

const EVENTS = [
  'play',
  'pause',
  'playing',
  'waiting',
  'seeking',
  'seeked',
  'ratechange',
  'durationchange',
  'volumechange',
  'ended',
  'loadedmetadata',
  'emptied',
  'timeupdate',
]

/** Renders again whenever the media element has changed. */
export function useMedia(media: HTMLMediaElement): HTMLMediaElement {
  const [, setTurn] = useState(0)
  useEffect(() => {
    const changed = () => setTurn((turn) => turn + 1)
    for (const type of EVENTS) media.addEventListener(type, changed)
    return () => {
      for (const type of EVENTS) media.removeEventListener(type, changed)
    }
  }, [media])
  return media
}
