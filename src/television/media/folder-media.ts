import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import type { Alternative, MediaSource, Programme } from '../protocol/index.js'
import { mediaError } from './media-error.js'
import type { MediaLibrary } from './media-library.js'
import { type MediaName, mediaNameOf } from './media-name.js'
import { isMediaExtension, isWhatItSays, mimeTypeOf, PLAYABLE, SUBTITLES } from './media-types.js'

/** Formats that hardware decodes come first, because a browser plays the first that it can. In ascending order. */
const PREFERRED = ['.webm', '.m4a', '.m4v', '.mp4']
const EXPECTED = 'expected a media file, a folder with some, or an http URL'
const CONVERT = 'convert other files, for example with: ffmpeg -i FILE -c:v libx264 -c:a aac FILE.mp4'

/** The programmes of a folder, by their names. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
async function openFolder(folder: string, contentId: string | undefined): Promise<MediaLibrary> {
  const groups = groupsOf(await playableOf(folder, await mediaNamesIn(folder)))
  const programmes = [...groups]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([stem, group], index) => programmeOf(stem, group, index === 0 ? contentId : undefined))
  if (programmes.length === 0) throw mediaError(`no media in "${folder}": expected files in ${PLAYABLE}; ${CONVERT}`)
  return libraryOf(folder, programmes)
}

/** The programme of a file, with its other formats and its alternatives. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
async function openFile(path: string, contentId: string | undefined): Promise<MediaLibrary> {
  const [folder, file] = [dirname(path), basename(path)]
  const { extension } = mediaNameOf(file)
  if (!isMediaExtension(extension) || extension === SUBTITLES) {
    throw mediaError(`cannot play "${file}": expected ${PLAYABLE}; ${CONVERT}`)
  }
  if (file.startsWith('.'))
    throw mediaError(`cannot play "${file}": files with a dot before their names are not served`)
  if (!(await openedAs(path, () => isWhatItSays(path, extension)))) {
    throw mediaError(`cannot play "${file}": its content is not ${extension.slice(1).toUpperCase()}; ${CONVERT}`)
  }
  const stem = file.slice(0, -extension.length)
  // It is what is played, even if its name is that of an alternative.
  const names = (await mediaNamesIn(folder)).map((name) =>
    isNamed(name, stem) ? { ...name, stem, alternative: undefined } : name,
  )
  const groups = groupsOf(
    await playableOf(
      folder,
      names.filter((name) => name.stem === stem),
    ),
  )
  const group = groups.get(stem) ?? { files: [], alternatives: [] }
  return libraryOf(folder, [programmeOf(stem, group, contentId)])
}

/** Opens a file or a folder. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
export async function openPath(path: string, contentId: string | undefined): Promise<MediaLibrary> {
  const resolved = await openedAs(path, () => realpath(path))
  const stats = await openedAs(path, () => stat(resolved))
  if (stats.isDirectory()) return openFolder(resolved, contentId)
  if (stats.isFile()) return openFile(resolved, contentId)
  throw mediaError(`cannot open "${path}": it is neither a file nor a folder; ${EXPECTED}`)
}

/** @throws DvbcssError `DVBCSS_ERR_MEDIA`, with the reason that the system gives */
async function openedAs<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file or folder',
      EACCES: 'permission denied',
    }
    throw mediaError(`cannot open "${path}": ${reasons[code ?? ''] ?? message}; ${EXPECTED}`, error)
  }
}

async function mediaNamesIn(folder: string): Promise<MediaName[]> {
  const names = await openedAs(folder, () => readdir(folder))
  return names
    .filter((file) => !file.startsWith('.'))
    .map(mediaNameOf)
    .filter(({ extension }) => isMediaExtension(extension))
}

async function playableOf(folder: string, names: readonly MediaName[]): Promise<MediaName[]> {
  const playable: MediaName[] = []
  for (const name of names) if (await isPlayable(folder, name)) playable.push(name)
  return playable
}

function libraryOf(folder: string, programmes: readonly Programme[]): MediaLibrary {
  const sources = programmes.flatMap((each) => [
    ...each.sources,
    ...each.alternatives.flatMap((other) => other.sources),
  ])
  const files = new Set(sources.map(({ url }) => decodeURIComponent(url.replace(/^media\//, ''))))
  return { programmes, folder, files, origins: [] }
}

/** Whether its name is this, with any extension of pictures or sound. */
function isNamed({ file, extension }: MediaName, name: string): boolean {
  return extension !== SUBTITLES && file.slice(0, -extension.length) === name
}

/** The path of a file of the library as it is now; undefined if it is no longer a file, or leads out of the folder. */
export async function fileOf({ folder, files }: MediaLibrary, file: string): Promise<string | undefined> {
  return folder === undefined || !files.has(file) ? undefined : fileInside(folder, file)
}

/** The path of a file whose links are resolved; undefined if there is no such file in the folder. */
async function fileInside(folder: string, file: string): Promise<string | undefined> {
  try {
    const path = await realpath(join(folder, file))
    const isInside = path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
    return isInside && (await stat(path)).isFile() ? path : undefined
  } catch {
    return undefined
  }
}

async function isPlayable(folder: string, { file, extension }: MediaName): Promise<boolean> {
  const path = await fileInside(folder, file)
  if (path === undefined) return false
  try {
    return await isWhatItSays(path, extension)
  } catch {
    // It may not be read.
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
    else if (name.extension !== SUBTITLES) groupOf(name.file.slice(0, -name.extension.length)).files.push(name)
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
