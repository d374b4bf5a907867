import { open } from 'node:fs/promises'

interface MediaType {
  readonly picture?: string
  readonly sound?: string
  /** Whether a file begins as one of this type does. */
  readonly isOne: (head: Buffer) => boolean
}

const HEAD_BYTES = 64

const isMp4 = (head: Buffer): boolean => /^(ftyp|styp|moov|mdat|free|wide|skip)$/.test(head.toString('latin1', 4, 8))
const isWebm = (head: Buffer): boolean => head.readUInt32BE(0) === 0x1a45dfa3
const isOgg = (head: Buffer): boolean => head.toString('latin1', 0, 4) === 'OggS'
/** An ID3 tag, or the synchronisation word of a frame. */
const isMpegAudio = (head: Buffer): boolean =>
  head.toString('latin1', 0, 3) === 'ID3' || (head.readUInt16BE(0) & 0xffe0) === 0xffe0

/** What browsers play, by extension. */
const TYPES: Readonly<Record<string, MediaType>> = {
  '.mp4': { picture: 'video/mp4', sound: 'audio/mp4', isOne: isMp4 },
  '.m4v': { picture: 'video/mp4', isOne: isMp4 },
  '.webm': { picture: 'video/webm', sound: 'audio/webm', isOne: isWebm },
  '.ogv': { picture: 'video/ogg', isOne: isOgg },
  '.m4a': { sound: 'audio/mp4', isOne: isMp4 },
  '.ogg': { sound: 'audio/ogg', isOne: isOgg },
  '.oga': { sound: 'audio/ogg', isOne: isOgg },
  '.opus': { sound: 'audio/ogg', isOne: isOgg },
  '.mp3': { sound: 'audio/mpeg', isOne: isMpegAudio },
  '.aac': { sound: 'audio/aac', isOne: isMpegAudio },
  '.wav': { sound: 'audio/wav', isOne: (head) => head.toString('latin1', 0, 4) === 'RIFF' },
  '.flac': { sound: 'audio/flac', isOne: (head) => head.toString('latin1', 0, 4) === 'fLaC' },
}

/** The extension of WebVTT. */
export const SUBTITLES = '.vtt'

export const PLAYABLE = 'MP4, WebM, Ogg, MP3, AAC, WAV or FLAC'

/** Whether a file may be media, by its extension. */
export function isMediaExtension(extension: string): boolean {
  return extension === SUBTITLES || Object.hasOwn(TYPES, extension)
}

/** @param isSound whether the file is one of sound, which some containers do not say in their names */
export function mimeTypeOf(extension: string, isSound = false): string {
  if (extension === SUBTITLES) return 'text/vtt'
  const { picture, sound } = TYPES[extension] ?? {}
  return (isSound ? (sound ?? picture) : (picture ?? sound)) ?? ''
}

/** Whether the content of a file is what its extension says, as far as its first bytes tell. */
export async function isWhatItSays(path: string, extension: string): Promise<boolean> {
  const file = await open(path)
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0)
    if (extension === SUBTITLES)
      return head
        .toString('utf8', 0, bytesRead)
        .replace(/^\ufeff/, '')
        .startsWith('WEBVTT')
    return bytesRead >= 12 && TYPES[extension]?.isOne(head) === true
  } finally {
    await file.close()
  }
}
