import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import type { Alternative, MediaSource, Programme } from '../protocol/index.js'
import { mediaError } from './media-error.js'
import type { MediaLibrary } from './media-library.js'
import { type MediaName, mediaNameOf } from './media-name.js'
import { isMediaExtension, isWhatItSays, mimeTypeOf, PLAYABLE } from './media-types.js'

/** Formats that hardware decodes come first, because a browser plays the first that it can. In ascending order. */
const PREFERRED = ['.webm', '.m4a', '.m4v', '.mp4']
const CONVERT = 'convert it, for example with: ffmpeg -i FILE -c:v libx264 -c:a aac FILE.mp4'

/** The programmes of a folder, or the one programme of a file. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
export async function openFolder(path: string, contentId: string | undefined): Promise<MediaLibrary> {
  const isFolder = await isDirectory(path)
  const folder = await realpath(isFolder ? path : dirname(path))
  const wanted = isFolder ? undefined : basename(path)
  const names = (await readdir(folder))
    .filter((file) => !file.startsWith('.'))
    .map(mediaNameOf)
    .filter(({ extension }) => isMediaExtension(extension))
  const own = wanted === undefined ? undefined : mediaNameOf(wanted)
  if (own !== undefined && (!isMediaExtension(own.extension) || own.extension === '.vtt')) {
    throw mediaError(`cannot play "${wanted}": expected ${PLAYABLE}; ${CONVERT}`)
  }
  const playable: MediaName[] = []
  for (const name of names) {
    const isPlayable = await isInside(folder, name)
    if (isPlayable) playable.push(name)
    else if (name.file === wanted)
      throw mediaError(`cannot play "${wanted}": its content is not ${name.extension.slice(1)}; ${CONVERT}`)
  }
  const groups = groupsOf(playable)
  const chosen =
    own === undefined ? [...groups] : [...groups].filter(([, { files }]) => files.some(({ file }) => file === wanted))
  const programmes = chosen
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([stem, group], index) => programmeOf(stem, group, index === 0 ? contentId : undefined))
  if (programmes.length === 0) {
    throw mediaError(`no media in "${path}": expected files in ${PLAYABLE}`)
  }
  const sources = programmes.flatMap((each) => [
    ...each.sources,
    ...each.alternatives.flatMap((other) => other.sources),
  ])
  const files = new Set(sources.map(({ url }) => decodeURIComponent(url.replace(/^media\//, ''))))
  return { programmes, folder, files, origins: [] }
}

/** The path of a file of the library as it is now; undefined if it has gone, or leads out of the folder. */
export async function fileOf({ folder, files }: MediaLibrary, file: string): Promise<string | undefined> {
  if (folder === undefined || !files.has(file)) return undefined
  const path = await realpath(join(folder, file)).catch(() => undefined)
  return path?.startsWith(folder + sep) === true ? path : undefined
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file or folder' : (error as Error).message
    throw mediaError(`cannot open "${path}": ${reason}; expected a media file, a folder with some, or an http URL`)
  }
}

async function isInside(folder: string, { file, extension }: MediaName): Promise<boolean> {
  try {
    const path = await realpath(join(folder, file))
    return path.startsWith(folder + sep) && (await stat(path)).isFile() && (await isWhatItSays(path, extension))
  } catch {
    return false
  }
}

interface Group {
  readonly files: MediaName[]
  readonly alternatives: MediaName[]
}

/** The files of each programme, by stem. An alternative of no programme is a programme itself. */
function groupsOf(names: readonly MediaName[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  const groupOf = (stem: string): Group => {
    const group = groups.get(stem) ?? { files: [], alternatives: [] }
    groups.set(stem, group)
    return group
  }
  for (const name of names) if (name.alternative === undefined) groupOf(name.stem).files.push(name)
  for (const name of names) {
    if (name.alternative === undefined) continue
    const group = groups.get(name.stem)
    if (group !== undefined) group.alternatives.push(name)
    else if (name.extension !== '.vtt') groupOf(name.file.slice(0, -name.extension.length)).files.push(name)
  }
  return groups
}

function programmeOf(stem: string, { files, alternatives }: Group, contentId: string | undefined): Programme {
  return {
    id: stem,
    title: titleOf(stem),
    contentId: contentId ?? `urn:fastify-dvbcss:media:${encodeURIComponent(stem)}`,
    sources: sourcesOf(files, false),
    alternatives: alternativesOf(alternatives),
  }
}

function alternativesOf(names: readonly MediaName[]): Alternative[] {
  const found = new Map<string, Omit<Alternative, 'sources'>>()
  const files = new Map<string, MediaName[]>()
  for (const name of names) {
    if (name.alternative === undefined) continue
    const { kind, language, label } = name.alternative
    const id = [kind, language ?? label].join('-').toLowerCase().replaceAll(' ', '-')
    found.set(id, { id, ...name.alternative })
    files.set(id, [...(files.get(id) ?? []), name])
  }
  return [...found].map(([id, alternative]) => {
    const isSound = alternative.kind === 'audio' || alternative.kind === 'audio-description'
    return { ...alternative, sources: sourcesOf(files.get(id) ?? [], isSound) }
  })
}

function sourcesOf(names: readonly MediaName[], isSound: boolean): MediaSource[] {
  const rank = ({ extension }: MediaName) => PREFERRED.indexOf(extension)
  return [...names]
    .sort((a, b) => rank(b) - rank(a))
    .map(({ file, extension }) => ({
      url: `media/${encodeURIComponent(file)}`,
      type: mimeTypeOf(extension, isSound),
    }))
}

function titleOf(stem: string): string {
  const words = stem.replaceAll(/[-_.]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
