import {
  type Alternative,
  type AlternativeKind,
  type MediaSource,
  type Programme,
  sourcesOf,
} from '../../protocol/index.js'

/** What the user wants to follow: the programme itself, or the id of one of its alternatives. */
export type Choice = 'programme' | (string & {})

/** What the page plays and shows. An empty list stands for nothing. */
export interface Presentation {
  readonly picture: readonly MediaSource[]
  /** Whether the picture is played without its own sound, because other sound replaces it. */
  readonly isPictureSilent: boolean
  readonly sound: readonly MediaSource[]
  readonly subtitles: readonly MediaSource[]
}

const NOTHING: Presentation = { picture: [], isPictureSilent: false, sound: [], subtitles: [] }

/** The chosen alternative; undefined if the programme itself is chosen, or the programme has no such alternative. */
export function chosenAlternative(programme: Programme | undefined, choice: Choice): Alternative | undefined {
  return programme?.alternatives.find(({ id }) => id === choice)
}

/** Whether an alternative of this kind can be presented with or without the picture of the programme. */
export function goesWithPicture(kind: AlternativeKind | undefined): boolean {
  return kind !== undefined && kind !== 'video'
}

/** What to play for a choice. @param withPicture whether sound and subtitles come with the picture of the programme */
export function presentationOf(programme: Programme | undefined, choice: Choice, withPicture: boolean): Presentation {
  if (programme === undefined) return NOTHING
  const alternative = chosenAlternative(programme, choice)
  if (alternative === undefined) return { ...NOTHING, picture: sourcesOf(programme) }
  const { kind, sources } = alternative
  if (kind === 'video') return { ...NOTHING, picture: sources }
  const picture = withPicture ? sourcesOf(programme) : []
  if (kind === 'subtitles') return { ...NOTHING, picture, subtitles: sources }
  return { ...NOTHING, picture, isPictureSilent: true, sound: sources }
}
