import type { Programme } from '../protocol/index.js'
import type { MediaLibrary } from './media-library.js'
import { mediaOrigins } from './media-origins.js'

/** The library of an app that serves its programmes by itself. */
export function ownProgrammes(programmes: readonly Programme[]): MediaLibrary {
  const urls = programmes.flatMap(({ sources, alternatives, mpdUrl }) => [
    ...[sources, ...alternatives.map((each) => each.sources)].flat().map(({ url }) => url),
    ...(mpdUrl === undefined ? [] : [mpdUrl]),
  ])
  // The others are relative to the pages.
  const absolute = urls.filter((url) => URL.canParse(url)).map((url) => new URL(url))
  return { programmes, folder: undefined, files: new Set(), origins: mediaOrigins(absolute) }
}
