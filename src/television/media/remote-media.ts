import { basename } from 'node:path'
import type { XMLParser } from 'fast-xml-parser'
import type { Programme } from '../protocol/index.js'
import { mediaError } from './media-error.js'
import type { MediaLibrary } from './media-library.js'
import { isMediaExtension, mimeTypeOf } from './media-types.js'

const TIMEOUT_MILLIS = 10_000
const MAX_MPD_BYTES = 4 * 1024 * 1024
const METHOD_REFUSED = [405, 501]

/** One programme that is played from another host. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
export async function openUrl(url: URL, contentId: string | undefined): Promise<MediaLibrary> {
  const expected = 'expected the address of a media file that browsers can play'
  const response = await request(url, { method: 'HEAD' }, expected)
  await response.body?.cancel()
  if (!response.ok && !METHOD_REFUSED.includes(response.status)) {
    throw mediaError(`cannot play ${url}: the server answered ${response.status} ${response.statusText}; ${expected}`)
  }
  const stated = response.ok ? (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() : ''
  const name = decodeURIComponent(basename(url.pathname))
  const extension = /\.[^.]+$/.exec(name.toLowerCase())?.[0] ?? ''
  const type = isMediaExtension(extension) ? mimeTypeOf(extension) : (stated ?? '')
  const isMedia = /^(video|audio)\//.test(stated ?? '') || isMediaExtension(extension)
  if (!isMedia) throw mediaError(`cannot play ${url}: the server sends ${stated || 'no content type'}; ${expected}`)
  const programme = { id: 'url', title: name || url.host, sources: [{ url: url.href, type }], alternatives: [] }
  return remote({ ...programme, contentId: contentId ?? url.href }, [url])
}

/**
 * A DASH stream. Its content id is the URL of its manifest (ETSI TS 103 286-2, clause 5.2.2.4).
 * @throws DvbcssError `DVBCSS_ERR_MEDIA`
 */
export async function openMpd(url: URL, contentId: string | undefined): Promise<MediaLibrary> {
  const expected = 'expected a DASH manifest (MPD)'
  const response = await request(url, {}, expected)
  if (!response.ok)
    throw mediaError(`cannot load ${url}: the server answered ${response.status} ${response.statusText}; ${expected}`)
  const root = await rootOf(await textOf(response, url, expected))
  if (root === undefined) throw mediaError(`cannot play ${url}: its content is not a manifest; ${expected}`)
  const durationSeconds = secondsOf(root.mediaPresentationDuration)
  const programme: Programme = {
    id: 'mpd',
    title: root.title ?? (decodeURIComponent(basename(url.pathname)) || url.host),
    contentId: contentId ?? url.href,
    ...(durationSeconds !== undefined && { durationSeconds }),
    sources: [],
    mpdUrl: url.href,
    alternatives: [],
  }
  return remote(programme, [url, ...root.baseUrls.filter((each) => URL.canParse(each)).map((each) => new URL(each))])
}

function remote(programme: Programme, urls: readonly URL[]): MediaLibrary {
  const origins = [...new Set(urls.map(({ origin }) => origin))]
  return { programmes: [programme], folder: undefined, files: new Set(), origins }
}

async function request(url: URL, init: RequestInit, expected: string): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) })
  } catch (error) {
    const { cause, message, name } = error as Error
    const reason =
      name === 'TimeoutError'
        ? `no answer within ${TIMEOUT_MILLIS / 1000} s`
        : ((cause as Error | undefined)?.message ?? message)
    throw mediaError(`cannot load ${url}: ${reason}; ${expected}`, error)
  }
}

async function textOf(response: Response, url: URL, expected: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > MAX_MPD_BYTES) throw new Error(`it is longer than ${MAX_MPD_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw mediaError(`cannot load ${url}: ${(error as Error).message}; ${expected}`, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

interface Manifest {
  readonly mediaPresentationDuration: string | undefined
  readonly title: string | undefined
  readonly baseUrls: readonly string[]
}

async function rootOf(text: string): Promise<Manifest | undefined> {
  try {
    const parsed = (await parser()).parse(text) as Record<string, unknown>
    const mpd = parsed.MPD
    if (typeof mpd !== 'object' || mpd === null) return undefined
    const { '@mediaPresentationDuration': duration, ProgramInformation, BaseURL } = mpd as Record<string, unknown>
    const title = (ProgramInformation as Record<string, unknown> | undefined)?.Title
    return {
      mediaPresentationDuration: typeof duration === 'string' ? duration : undefined,
      title: typeof title === 'string' && title !== '' ? title : undefined,
      baseUrls: [BaseURL].flat().filter((each) => typeof each === 'string'),
    }
  } catch {
    return undefined
  }
}

async function parser(): Promise<XMLParser> {
  const { XMLParser: Parser } = await import('fast-xml-parser')
  return new Parser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    removeNSPrefix: true,
    processEntities: false,
  })
}

/** Seconds of an XML Schema duration of hours, minutes and seconds. */
function secondsOf(duration: string | undefined): number | undefined {
  const match = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration ?? '')
  if (match === null) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
  return total > 0 ? total : undefined
}
