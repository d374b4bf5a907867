import { fileURLToPath } from 'node:url'
import { openPath } from './folder-media.js'
import { mediaError } from './media-error.js'
import type { MediaLibrary, MediaLocation } from './media-library.js'
import { openMpd, openUrl } from './remote-media.js'

const CLIP = 'test-clip'
const CLIP_SECONDS = 40

/** Opens the media of a television. @throws DvbcssError `DVBCSS_ERR_MEDIA`, whose text is one line for people */
export async function openMedia({ media, mpd, contentId }: MediaLocation): Promise<MediaLibrary> {
  if (mpd !== undefined) {
    if (!isHttpUrl(mpd)) throw mediaError(`cannot load "${mpd}": expected the http URL of a DASH manifest (MPD)`)
    return openMpd(new URL(mpd), contentId)
  }
  if (media === undefined) return openTestClip(contentId)
  return isHttpUrl(media) ? openUrl(new URL(media), contentId) : openPath(media, contentId)
}

/** The clip of this package, of which more is known than its files say. */
async function openTestClip(contentId: string | undefined): Promise<MediaLibrary> {
  const library = await openPath(`${packageFolder()}/media/${CLIP}.mp4`, contentId)
  return { ...library, programmes: library.programmes.map((each) => ({ ...each, durationSeconds: CLIP_SECONDS })) }
}

/** The sources are two folders deeper than the bundles that they become part of. */
function packageFolder(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../', import.meta.url))
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text)
}
