import { basename } from 'node:path'
import { DASH_TYPE, type Programme } from '../protocol/index.js'
import { dashManifestOf } from './dash-manifest.js'
import { mediaError } from './media-error.js'
import type { MediaLibrary } from './media-library.js'
import { mediaOrigins } from './media-origins.js'
import { mimeTypeOf } from './media-types.js'

/** Fastify gives up a plugin after 10 s, with an error that helps nobody. */
const MAX_ORIGINS = 50
const TIMEOUT_MILLIS = 8000
const MAX_MPD_BYTES = 4 * 1024 * 1024
const METHOD_REFUSED = [405, 501]
/** Content types of servers that do not know what they send. */
const UNTYPED = ['', 'application/octet-stream', 'binary/octet-stream', 'application/mp4', 'application/ogg']
/** What browsers send with a request from a page of another site. Servers that allow it may answer only if it is there. */
const FROM_A_PAGE = { origin: 'http://localhost' }

const A_FILE = 'expected the URL of a media file that browsers can play'
const AN_MPD = 'expected the URL of a DASH manifest (MPD)'

/** One programme that is played from another host. @throws DvbcssError `DVBCSS_ERR_MEDIA` */
export async function openUrl(url: URL, contentId: string | undefined): Promise<MediaLibrary> {
  checkUrl(url, 'play', A_FILE)
  const response = await request(url, { method: 'HEAD' }, 'play', A_FILE)
  await response.body?.cancel()
  const isUnknown = METHOD_REFUSED.includes(response.status)
  if (!response.ok && !isUnknown) throw refused(response, url, 'play', A_FILE)
  const stated = isUnknown ? '' : contentTypeOf(response)
  const named = mimeTypeOf(/\.[^.]+$/.exec(url.pathname.toLowerCase())?.[0] ?? '')
  const isPlayable = /^(video|audio)\/./
  const type = isPlayable.test(stated) ? stated : UNTYPED.includes(stated) ? named : ''
  if (stated === DASH_TYPE || url.pathname.endsWith('.mpd')) {
    throw mediaError(`cannot play ${url} as a file: it is a DASH manifest; give it as mpd (dvbcss tv --mpd URL)`)
  }
  if (!isPlayable.test(type)) {
    throw mediaError(`cannot play ${url}: the server sends ${stated || 'no content type'}; ${A_FILE}`)
  }
  const programme = { id: 'url', title: titleOf(url), sources: [{ url: url.href, type }], alternatives: [] }
  return remote({ ...programme, contentId: contentId ?? url.href }, [url, new URL(response.url)])
}

/**
 * A DASH stream. Its content id is the URL of its manifest (ETSI TS 103 286-2, clause 5.2.2.4).
 * @throws DvbcssError `DVBCSS_ERR_MEDIA`
 */
export async function openMpd(url: URL, contentId: string | undefined): Promise<MediaLibrary> {
  checkUrl(url, 'load', AN_MPD)
  const response = await request(url, { headers: FROM_A_PAGE }, 'load', AN_MPD)
  if (!response.ok) {
    await response.body?.cancel()
    throw refused(response, url, 'load', AN_MPD)
  }
  const manifest = await dashManifestOf(await textOf(response, url))
  if (manifest === undefined) throw mediaError(`cannot play ${url}: its content is not a manifest; ${AN_MPD}`)
  if (!response.headers.has('access-control-allow-origin')) {
    throw mediaError(
      `cannot play ${url}: its server does not let pages of other sites load it; it must send Access-Control-Allow-Origin: *`,
    )
  }
  const { durationSeconds, title, urls } = manifest
  const programme: Programme = {
    id: 'mpd',
    title: title ?? titleOf(url),
    contentId: contentId ?? url.href,
    ...(durationSeconds !== undefined && { durationSeconds }),
    sources: [],
    mpdUrl: url.href,
    alternatives: [],
  }
  return remote(programme, [url, new URL(response.url), ...urls])
}

/** @throws DvbcssError `DVBCSS_ERR_MEDIA` */
function remote(programme: Programme, urls: readonly URL[]): MediaLibrary {
  const origins = mediaOrigins(urls)
  // Each is named in a header of the pages, and clients do not read headers of any length.
  if (origins.length > MAX_ORIGINS) {
    throw mediaError(`cannot play ${urls[0]}: it names ${origins.length} hosts; expected at most ${MAX_ORIGINS}`)
  }
  return { programmes: [programme], folder: undefined, files: new Set(), origins }
}

/** Refuses what no page may load. Does not repeat a password. */
function checkUrl(url: URL, verb: string, expected: string): void {
  if (url.username !== '' || url.password !== '') {
    throw mediaError(
      `cannot ${verb} media from ${url.host} with a user name in the URL: browsers refuse it; ${expected}`,
    )
  }
  if (mediaOrigins([url]).length === 0) throw mediaError(`cannot ${verb} ${url}: it has no valid host; ${expected}`)
}

function titleOf(url: URL): string {
  const name = basename(url.pathname)
  try {
    return decodeURIComponent(name) || url.host
  } catch {
    return name
  }
}

function contentTypeOf({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function refused({ status, statusText }: Response, url: URL, verb: string, expected: string): Error {
  return mediaError(`cannot ${verb} ${url}: the server answered ${`${status} ${statusText}`.trim()}; ${expected}`)
}

async function request(url: URL, init: RequestInit, verb: string, expected: string): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) })
  } catch (error) {
    throw mediaError(`cannot ${verb} ${url}: ${reasonOf(error)}; ${expected}`, error)
  }
}

async function textOf(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > MAX_MPD_BYTES) throw mediaError(`it is longer than ${MAX_MPD_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw mediaError(`cannot load ${url}: ${reasonOf(error)}; ${AN_MPD}`, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** `fetch` has the reason of a failure as its cause. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MILLIS / 1000} s`
  return (cause as Error | undefined)?.message || message
}
