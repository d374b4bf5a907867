import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openMedia } from '../../../../src/television/media/index.js'
import { mediaFolder, removeFoldersAfterEach } from '../../../helpers/media-folder.js'

removeFoldersAfterEach()

async function programmesOf(media: string) {
  const { programmes } = await openMedia({ media })
  return programmes
}

async function errorOf(media: string): Promise<string> {
  const error: Error & { code?: string } = await openMedia({ media }).then(
    () => new Error('no error'),
    (reason) => reason,
  )
  expect(error.code, error.message).toBe('DVBCSS_ERR_MEDIA')
  expect(error.message).not.toContain('\n')
  return error.message
}

describe('a folder of media', () => {
  it('has a programme for each name, in the order in which people count', async () => {
    const programmes = await programmesOf(
      mediaFolder(['film-10.mp4', 'film-2.webm', 'film-2.mp4', 'sound.wav', 'notes.txt']),
    )
    expect(programmes.map(({ title, sources }) => [title, sources.map(({ url }) => url)])).toEqual([
      ['Film 2', ['media/film-2.mp4', 'media/film-2.webm']],
      ['Film 10', ['media/film-10.mp4']],
      ['Sound', ['media/sound.wav']],
    ])
  })

  it('has alternatives by file name', async () => {
    const names = [
      'film.mp4',
      'film.de.m4a',
      'film.de.webm',
      'film.en.ad.m4a',
      'film.pt-BR.vtt',
      'film.vtt',
      'film.cam2.mp4',
    ]
    const [film, ...others] = await programmesOf(mediaFolder(names))
    expect(others).toEqual([])
    const found = film?.alternatives.map(({ id, kind, language, label }) => [id, kind, language, label])
    expect(found).toEqual(
      expect.arrayContaining([
        ['audio-de', 'audio', 'de', 'Deutsch'],
        ['audio-description-en', 'audio-description', 'en', 'English'],
        ['subtitles-pt-br', 'subtitles', 'pt-BR', 'Português (Brasil)'],
        ['subtitles-subtitles', 'subtitles', undefined, 'Subtitles'],
        ['video-camera-2', 'video', undefined, 'Camera 2'],
      ]),
    )
    expect(found).toHaveLength(5)
    const german = film?.alternatives.find(({ id }) => id === 'audio-de')
    expect(german?.sources.map(({ type }) => type)).toEqual(['audio/mp4', 'audio/webm'])
  })

  it.each([
    ['film.2024.mp4', 'Film 2024'],
    ['film.HD.mp4', 'Film HD'],
    ['film.de-12.mp4', 'Film de 12'],
    ['film.abc-defgh-ij.mp4', 'Film abc defgh ij'],
    ['film.de.mp4', 'Film de'],
    ['a..mp4', 'A'],
  ])('takes %s for a programme of its own', async (name, title) => {
    expect((await programmesOf(mediaFolder([name]))).map((each) => each.title)).toEqual([title])
  })

  it('leaves out what cannot be played, and says so if nothing is left', async () => {
    const folder = mediaFolder([['text.mp4', 'a text'], ['empty.webm', ''], 'list.txt', 'film.en.vtt', '.film.mp4'])
    expect(await errorOf(folder)).toBe(
      `no media in "${folder}": expected files in MP4, WebM, Ogg, MP3, AAC, WAV or FLAC; convert other files, for example with: ffmpeg -i FILE -c:v libx264 -c:a aac FILE.mp4`,
    )
  })
})

describe('a media file', () => {
  it('comes with its other formats and alternatives, and without its neighbours', async () => {
    const folder = mediaFolder(['film.mp4', 'film.webm', 'film.de.m4a', 'other.mp4', 'film-2.mp4'])
    const { programmes, files } = await openMedia({ media: join(folder, 'film.webm'), contentId: 'dvb://1.2.3' })
    expect(programmes).toHaveLength(1)
    expect(programmes[0]).toMatchObject({ title: 'Film', contentId: 'dvb://1.2.3' })
    expect([...files].sort()).toEqual(['film.de.m4a', 'film.mp4', 'film.webm'])
  })

  it('is played although its name is that of an alternative', async () => {
    const folder = mediaFolder(['film.mp4', 'film.de.mp4'])
    const [programme] = await programmesOf(join(folder, 'film.de.mp4'))
    expect(programme?.sources.map(({ url }) => url)).toEqual(['media/film.de.mp4'])
  })

  it('may be a link to a file elsewhere', async () => {
    const folder = mediaFolder()
    symlinkSync(join(mediaFolder(['film.mp4']), 'film.mp4'), join(folder, 'link.mp4'))
    expect(await programmesOf(join(folder, 'link.mp4'))).toMatchObject([{ title: 'Film' }])
  })

  it.each([
    [
      'nothing.mp4',
      /cannot open ".*nothing.mp4": there is no such file or folder; expected a media file, a folder with/,
    ],
    ['a.mp4/b.mp4', /cannot open ".*b.mp4": ENOTDIR.*; expected a media file/],
    ['film.mkv', /cannot play "film.mkv": expected MP4, WebM, .*; convert other files, for example with: ffmpeg/],
    ['film', /cannot play "film": expected MP4/],
    ['film.vtt', /cannot play "film.vtt": expected MP4/],
    ['text.mp4', /cannot play "text.mp4": its content is not MP4; convert/],
    ['picture.webm', /cannot play "picture.webm": its content is not WEBM; convert/],
    ['empty.wav', /cannot play "empty.wav": its content is not WAV/],
    ['.film.mp4', /cannot play ".film.mp4": files with a dot before their names are not served/],
    ['line\nbreak.mp4', /cannot play "line\\u000abreak.mp4": its content/],
    ['http://[', /cannot open "http:\/\/\[": .*; expected a media file, a folder with some, or an http URL/],
  ])('gets one clear line if it is %j', async (name, message) => {
    const texts = ['film.mkv', 'film', 'text.mp4', 'line\nbreak.mp4']
    const folder = mediaFolder([
      ...['a.mp4', 'film.vtt', '.film.mp4'],
      ...texts.map((file): [string, string] => [file, 'the text of a film']),
      ['picture.webm', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
      ['empty.wav', ''],
    ])
    expect(await errorOf(name.startsWith('http') ? name : join(folder, name))).toMatch(message)
  })

  it.runIf(process.platform === 'linux')('is not waited for if it is a pipe', async () => {
    const folder = mediaFolder()
    spawnSync('mkfifo', [join(folder, 'pipe.mp4')])
    expect(await errorOf(join(folder, 'pipe.mp4'))).toMatch('it is neither a file nor a folder')
    mkdirSync(join(folder, 'folder.mp4'))
    expect(await errorOf(folder)).toMatch('no media in')
  })
})
