import { DASH_TYPE, type MediaSource } from '../../protocol/index.js'
import { playDash } from './dash-playback.js'

/** What a media element plays by a script. */
interface Stream {
  readonly stop: () => void
  failure: string | undefined
}

const streams = new WeakMap<HTMLMediaElement, Stream>()

/** Makes a media element play one of these sources, the first that the browser can. */
export function setSources(media: HTMLMediaElement, sources: readonly MediaSource[]): void {
  streams.get(media)?.stop()
  streams.delete(media)
  media.removeAttribute('src')
  const stream = sources.find(({ type }) => type === DASH_TYPE)
  media.replaceChildren(...(stream === undefined ? sources : []).map(sourceElement))
  media.load()
  if (stream === undefined) return
  const failed = (detail: string) => {
    playing.failure ??= detail
    media.dispatchEvent(new Event('error'))
  }
  const playing: Stream = { stop: playDash(media, stream.url, failed), failure: undefined }
  streams.set(media, playing)
}

function sourceElement({ url, type }: MediaSource): HTMLSourceElement {
  const source = document.createElement('source')
  source.src = url
  if (type !== '') source.type = type
  return source
}

/** Calls back when none of the sources can be played, or the one that was chosen no longer can. @returns stops that */
export function onMediaFailure(media: HTMLMediaElement, failed: (detail: string) => void): () => void {
  const report = () => {
    const stream = streams.get(media)
    if (stream !== undefined) {
      if (stream.failure !== undefined) failed(stream.failure)
      return
    }
    const last = media.querySelector('source:last-of-type')
    // Each source that cannot be played gets an event of its own, which does not bubble.
    if (media.error === null && media.networkState !== HTMLMediaElement.NETWORK_NO_SOURCE && last !== null) return
    failed(media.error?.message || 'This browser cannot play any of the available formats.')
  }
  const soon = () => setTimeout(report)
  media.addEventListener('error', soon, true)
  return () => media.removeEventListener('error', soon, true)
}
