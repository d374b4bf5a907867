import type { AlternativeKind } from '../protocol/index.js'
import { SUBTITLES } from './media-types.js'

/** What the name of a media file says: `NAME.EXTENSION`, or `NAME.de.EXTENSION`, `NAME.en.ad.EXTENSION`, `NAME.cam2.EXTENSION`. */
export interface MediaName {
  readonly file: string
  /** What the files of one programme have in common. */
  readonly stem: string
  /** With a leading dot, in lower case. */
  readonly extension: string
  /** Undefined for the programme itself. */
  readonly alternative?:
    | { readonly kind: AlternativeKind; readonly language?: string; readonly label: string }
    | undefined
}

const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i
const CAMERA = /^cam(\d{1,3})$/i

export function mediaNameOf(file: string): MediaName {
  const dot = file.lastIndexOf('.')
  const extension = dot > 0 ? file.slice(dot).toLowerCase() : ''
  const words = file.slice(0, dot > 0 ? dot : undefined).split('.')
  const last = words.at(-1) ?? ''
  const camera = CAMERA.exec(last)
  if (words.length > 1 && camera !== null && extension !== SUBTITLES) {
    const stem = words.slice(0, -1).join('.')
    return { file, stem, extension, alternative: { kind: 'video', label: `Camera ${Number(camera[1])}` } }
  }
  const isDescribed = words.length > 2 && /^ad$/i.test(last)
  const language = isDescribed ? words.at(-2) : last
  const name = words.length > 1 && language !== undefined ? nameOfLanguage(language) : undefined
  if (name !== undefined && language !== undefined) {
    const stem = words.slice(0, isDescribed ? -2 : -1).join('.')
    const kind = extension === SUBTITLES ? 'subtitles' : isDescribed ? 'audio-description' : 'audio'
    return { file, stem, extension, alternative: { kind, language, label: name } }
  }
  const stem = words.join('.')
  if (extension !== SUBTITLES) return { file, stem, extension }
  return { file, stem, extension, alternative: { kind: 'subtitles', label: 'Subtitles' } }
}

/** Undefined for what is not a language that has a name. */
function nameOfLanguage(tag: string): string | undefined {
  if (!LANGUAGE.test(tag) || !isLanguageTag(tag)) return undefined
  const name = new Intl.DisplayNames([tag, 'en'], { type: 'language', fallback: 'none' }).of(tag)
  return name === undefined ? undefined : name.charAt(0).toLocaleUpperCase(tag) + name.slice(1)
}

/** Whether it is a well-formed language tag, as `Intl` demands. */
function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}
