import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DashServer, serveDash } from '../../helpers/dash-server.js'
import { mediaFolder, removeFoldersAfterEach } from '../../helpers/media-folder.js'
import { has } from '../../helpers/needs.js'
import { dvbcss, endToolsAfterEach } from './tools.js'

endToolsAfterEach()
removeFoldersAfterEach()

const ADDRESS = ['--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--no-discovery']

/** `dvbcss tv` with these options, once it runs. @returns the URL of its pages */
async function television(...args: string[]): Promise<string> {
  const tv = dvbcss('tv', ...ADDRESS, ...args)
  await tv.printed(/Type a command.*\n/)
  const [, host = ''] = await tv.printed(/CSS-CII {2}ws:\/\/(\S+)\/cii/)
  return `http://${host}`
}

/** What is on, as `/health` says. */
async function contentIdOf(url: string): Promise<string> {
  const health = (await (await fetch(`${url}/health`)).json()) as { contentId: string }
  return health.contentId
}

async function withDash(use: (stream: DashServer) => Promise<void>): Promise<void> {
  const stream = await serveDash()
  try {
    await use(stream)
  } finally {
    await stream.close()
  }
}

describe('dvbcss tv', () => {
  it('serves the test clip', async () => {
    const url = await television()
    for (const [file, type] of [
      ['test-clip.mp4', 'video/mp4'],
      ['test-clip.webm', 'video/webm'],
      ['test-clip.cam2.webm', 'video/webm'],
      ['test-clip.de.m4a', 'audio/mp4'],
      ['test-clip.en.vtt', 'text/vtt'],
    ]) {
      const response = await fetch(`${url}/media/${file}`, { headers: { range: 'bytes=0-15' } })
      expect([response.status, response.headers.get('content-type')], file).toEqual([206, type])
      expect((await response.arrayBuffer()).byteLength).toBe(16)
    }
  })

  it('--media serves a file or a folder', async () => {
    const folder = mediaFolder(['film.mp4', 'other.webm'])
    const [all, one] = await Promise.all([
      television('--media', folder),
      television('--media', join(folder, 'film.mp4'), '--content-id', 'dvb://1.2.3'),
    ])
    const statuses = async (url: string) => {
      const responses = await Promise.all(['film.mp4', 'other.webm'].map((name) => fetch(`${url}/media/${name}`)))
      return responses.map(({ status }) => status)
    }
    expect(await statuses(all)).toEqual([200, 200])
    expect(await statuses(one)).toEqual([200, 404])
    expect(await contentIdOf(one)).toBe('dvb://1.2.3')
  })

  it.runIf(has('dashjs'))('--mpd shows a DASH stream under its own content id, and serves dash.js', () =>
    withDash(async (stream) => {
      const url = await television('--mpd', stream.url)
      expect(await contentIdOf(url)).toBe(stream.url)
      const script = await fetch(`${url}/pages/dash.js`)
      expect([script.status, script.headers.get('content-type')]).toEqual([200, expect.stringMatching('javascript')])
      const page = await fetch(`${url}/tv`)
      expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${new URL(stream.url).origin};`)
    }),
  )

  it.each([
    [
      '--media',
      'nothing.mp4',
      /there is no such file or folder; expected a media file, a folder with some, or an http URL/,
    ],
    ['--media', 'text.mp4', /its content is not MP4; convert other files, for example with: ffmpeg/],
    ['--media', 'text.txt', /cannot play "text.txt": expected MP4, WebM, Ogg, MP3, AAC, WAV or FLAC/],
    ['--media', '.', /no media in ".*": expected files in MP4/],
    ['--mpd', 'stream.mpd', /expected the http URL of a DASH manifest/],
  ])('%s %s exits with 5 and one line that says what would work', async (option, name, line) => {
    const folder = mediaFolder([
      ['text.mp4', 'the text of a film'],
      ['text.txt', 'the text of a film'],
    ])
    const tv = dvbcss('tv', ...ADDRESS, '--log-level', 'silent', option, join(folder, name))
    expect(await tv.exited).toBe(5)
    expect(tv.output).toMatch(/^dvbcss tv: .+\n$/)
    expect(tv.output).toMatch(line)
  })

  it.each([
    ['--media', 'page.mp4', /the server sends text\/html; expected the URL of a media file/],
    ['--media', 'missing.mp4', /the server answered 404 Not Found; expected the URL of a media file/],
    ['--mpd', 'page.mpd', /its content is not a manifest; expected the URL of a DASH manifest/],
    ['--mpd', 'missing.mpd', /the server answered 404 Not Found; expected the URL of a DASH manifest/],
  ])('%s with the URL of %s exits with 5 and one line that says what would work', async (option, name, line) => {
    const server = createServer((request, response) => {
      response.writeHead(request.url?.startsWith('/page') ? 200 : 404, { 'content-type': 'text/html' }).end('<html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as { port: number }
      const tv = dvbcss('tv', ...ADDRESS, '--log-level', 'silent', option, `http://127.0.0.1:${port}/${name}`)
      expect(await tv.exited).toBe(5)
      expect(tv.output).toMatch(/^dvbcss tv: .+\n$/)
      expect(tv.output).toMatch(line)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('exits with 2 for --media together with --mpd', async () => {
    const tv = dvbcss('tv', ...ADDRESS, '--media', 'film.mp4', '--mpd', 'http://127.0.0.1/stream.mpd')
    expect(await tv.exited).toBe(2)
    expect(tv.output).toMatch(/^error: option '--media <media>' cannot be used with option '--mpd <url>'\n/)
  })
})
