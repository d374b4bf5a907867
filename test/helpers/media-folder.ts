import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

const folders: string[] = []

/** What files of these types begin with. No browser plays them: they have nothing but that. */
export const HEADS: Record<string, Buffer> = {
  mp4: Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypisom0000isomavc1')]),
  m4a: Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypM4A 0000M4A isom')]),
  webm: Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(28)]),
  wav: Buffer.from('RIFF0000WAVEfmt '),
  vtt: Buffer.from('WEBVTT\n\n00:00.000 --> 00:01.000\none\n'),
}

/** Removes the folders that a test has made. Call once at the top of a test file. */
export function removeFoldersAfterEach(): void {
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
}

/** A new folder with these files, by name: with this content, or with what their type begins with. */
export function mediaFolder(files: readonly (string | [name: string, content: string | Buffer])[] = []): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dvbcss-media-')))
  folders.push(folder)
  for (const file of files) {
    const [name, content] = typeof file === 'string' ? [file, HEADS[file.slice(file.lastIndexOf('.') + 1)]] : file
    writeFileSync(join(folder, name), content ?? 'something else')
  }
  return folder
}
