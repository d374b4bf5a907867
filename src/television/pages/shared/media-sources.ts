import type { MediaSource } from '../../protocol/index.js'

/** Makes a media element play one of these sources, the first that the browser can. */
export function setSources(media: HTMLMediaElement, sources: readonly MediaSource[]): void {
  media.removeAttribute('src')
  media.replaceChildren(
    ...sources.map(({ url, type }) => {
      const source = document.createElement('source')
      source.src = url
      if (type !== '') source.type = type
      return source
    }),
  )
  media.load()
}

/** Calls back when none of the sources can be played, or the one that was chosen no longer can. @returns stops that */
export function onMediaFailure(media: HTMLMediaElement, failed: (detail: string) => void): () => void {
  const report = () => {
    const last = media.querySelector('source:last-of-type')
    // Each source that cannot be played gets an event of its own, which does not bubble.
    if (media.error === null && media.networkState !== HTMLMediaElement.NETWORK_NO_SOURCE && last !== null) return
    failed(media.error?.message || 'This browser cannot play any format of it.')
  }
  const soon = () => setTimeout(report)
  media.addEventListener('error', soon, true)
  return () => media.removeEventListener('error', soon, true)
}
