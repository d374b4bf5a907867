/** A file, or an address, at which a browser finds media. */
export interface MediaSource {
  /** Relative to the page, or absolute. */
  readonly url: string
  /** The MIME type, with codecs where they are known, for `<source type>`. */
  readonly type: string
}

/** What an alternative offers beside the programme itself. */
export type AlternativeKind = 'audio' | 'audio-description' | 'video' | 'subtitles'

/** Media that a companion can present in place of the programme, on the same timeline. */
export interface Alternative {
  /** Unique within the programme. */
  readonly id: string
  readonly kind: AlternativeKind
  /** For people, such as `Deutsch` or `Camera 2`. */
  readonly label: string
  /** A BCP 47 language tag; undefined where there is none, as for a second camera. */
  readonly language?: string
  readonly sources: readonly MediaSource[]
}

/** What the television can show: a picture with sound, and its alternatives. Positions in all of them are those of the timeline. */
export interface Programme {
  /** Unique on this television. */
  readonly id: string
  readonly title: string
  /** The content id that CSS-CII states while the programme is shown. */
  readonly contentId: string
  /** Undefined until it is known. */
  readonly durationSeconds?: number
  /** Each the same programme in another format: the browser chooses. Empty for a programme that has only a DASH manifest. */
  readonly sources: readonly MediaSource[]
  /** The DASH manifest to play instead of `sources`. */
  readonly mpdUrl?: string
  readonly alternatives: readonly Alternative[]
}

/** The MIME type of a DASH manifest. */
export const DASH_TYPE = 'application/dash+xml'

/** What to play for a programme: its DASH stream, or its files. */
export function sourcesOf({ sources, mpdUrl }: Programme): readonly MediaSource[] {
  return mpdUrl === undefined ? sources : [{ url: mpdUrl, type: DASH_TYPE }]
}
