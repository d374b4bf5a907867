import type { Programme } from '../protocol/index.js'

/** The media of a television: its programmes, and where their files are. */
export interface MediaLibrary {
  readonly programmes: readonly Programme[]
  /** The folder that the files are in; undefined if there are none. */
  readonly folder: string | undefined
  /** The names of the files of the programmes. No other file of the folder is served. */
  readonly files: ReadonlySet<string>
  /** Origins of other hosts that the programmes are played from. */
  readonly origins: readonly string[]
}

/** Where the media of a television are. */
export interface MediaLocation {
  /** A file, a folder or an http(s) URL. Default: the test clip of this package. */
  readonly media?: string | undefined
  /** The URL of a DASH manifest, instead of `media`. */
  readonly mpd?: string | undefined
  /** The content id of the first programme. Default: of a DASH stream the URL of its manifest, otherwise made of the name. */
  readonly contentId?: string | undefined
}
