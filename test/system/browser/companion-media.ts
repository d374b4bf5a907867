import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLIP_FOLDER = fileURLToPath(new URL('../../../media', import.meta.url))

/** A folder with the test clip, its alternatives, and a programme that no browser can play. */
export async function makeMediaFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dvbcss-media-'))
  const clip = (await readdir(CLIP_FOLDER)).filter((file) => file.startsWith('test-clip.'))
  await Promise.all(clip.map((file) => copyFile(join(CLIP_FOLDER, file), join(folder, file))))
  // It begins as an MP4 file does.
  await writeFile(join(folder, 'unplayable.mp4'), `\0\0\0\x20ftypisom${'no more than this '.repeat(100)}`)
  return folder
}
