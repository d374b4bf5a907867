import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openMedia } from '../../../src/television/media/index.js'

const servers: Server[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }),
  )
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that answers with this, to pages of every site unless its headers say otherwise. */
function serveText(
  body: string,
  headers: Record<string, string> = { 'access-control-allow-origin': '*' },
): Promise<string> {
  return serve((_request, response) => void response.writeHead(200, headers).end(body))
}

async function errorOf(opening: Promise<unknown>): Promise<string> {
  const error: Error & { code?: string } = await opening.then(
    () => new Error('no error'),
    (reason) => reason,
  )
  expect(error.code, error.message).toBe('DVBCSS_ERR_MEDIA')
  expect(error.message).not.toContain('\n')
  return error.message
}

const MPD = (inside: string) =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT1H2M3.5S">${inside}</MPD>`

describe('a media file on another host', () => {
  it('is a programme whose origin the pages may load media from', async () => {
    const url = await serve(
      (_request, response) => void response.writeHead(200, { 'content-type': 'video/webm' }).end(),
    )
    const { programmes, origins } = await openMedia({ media: `${url}/a%20film.webm?key=1` })
    expect(origins).toEqual([url])
    expect(programmes).toMatchObject([
      {
        title: 'a film.webm',
        contentId: `${url}/a%20film.webm?key=1`,
        sources: [{ url: `${url}/a%20film.webm?key=1`, type: 'video/webm' }],
      },
    ])
  })

  it('may be behind a redirection, or a server that does not know what it sends or what HEAD is', async () => {
    const target = await serve((_request, response) => void response.setHeader('content-type', 'audio/mp4').end())
    const source = await serve((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: `${target}/sound` }).end()
      else if (request.url === '/get-only.webm') response.writeHead(405).end()
      else response.setHeader('content-type', 'application/octet-stream').end()
    })
    const moved = await openMedia({ media: `${source}/moved` })
    expect(moved.origins).toEqual([source, target])
    const types = []
    for (const name of ['moved', 'get-only.webm', 'film.mp4', '%zz.mp3']) {
      const { programmes } = await openMedia({ media: `${source}/${name}` })
      types.push(programmes[0]?.sources[0]?.type)
    }
    expect(types).toEqual(['audio/mp4', 'video/webm', 'video/mp4', 'audio/mpeg'])
  })

  it('gets one clear line if it cannot be played', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/missing.mp4') response.writeHead(404).end()
      else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end()
    })
    const expected = 'expected the URL of a media file that browsers can play'
    expect(await errorOf(openMedia({ media: `${url}/missing.mp4` }))).toBe(
      `cannot play ${url}/missing.mp4: the server answered 404 Not Found; ${expected}`,
    )
    expect(await errorOf(openMedia({ media: `${url}/page.mp4` }))).toBe(
      `cannot play ${url}/page.mp4: the server sends text/html; ${expected}`,
    )
    expect(await errorOf(openMedia({ media: `${url}/stream.mpd` }))).toMatch('it is a DASH manifest; give it as mpd')
    expect(await errorOf(openMedia({ media: 'http://user:secret@127.0.0.1/a.mp4' }))).toBe(
      `cannot play media from 127.0.0.1 with a user name in the URL: browsers refuse it; ${expected}`,
    )
    expect(await errorOf(openMedia({ media: 'http://a;sandbox/a.mp4' }))).toMatch('it has no valid host')
    await servers.splice(0)[0]?.close()
    expect(await errorOf(openMedia({ media: `${url}/film.mp4` }))).toMatch(
      /^cannot play .*film.mp4: .*ECONNREFUSED.*; expected/,
    )
  })
})

describe('a DASH manifest', () => {
  it('is a programme whose content id is its URL, with the origins of all that it names', async () => {
    const url = await serveText(
      MPD(`
      <ProgramInformation><Title lang="en">A &amp; B</Title></ProgramInformation>
      <BaseURL serviceLocation="a">http://cdn.example/a/</BaseURL><BaseURL>https://cdn2.example:8443/b/</BaseURL>
      <BaseURL>http://a;sandbox/</BaseURL><BaseURL>javascript:alert(1)</BaseURL>
      <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="https://time.example/now"/>
      <UTCTiming schemeIdUri="urn:mpeg:dash:utc:ntp:2014" value="http://ntp.example"/>
      <Period><AdaptationSet><Representation><BaseURL>relative/</BaseURL>
        <SegmentTemplate media="http://segments.example/$Number$.m4s" initialization="init.mp4"/></Representation></AdaptationSet></Period>`),
    )
    const { programmes, origins } = await openMedia({ mpd: `${url}/live/stream.mpd` })
    expect(programmes).toEqual([
      {
        id: 'mpd',
        title: 'A & B',
        contentId: `${url}/live/stream.mpd`,
        durationSeconds: 3723.5,
        sources: [],
        mpdUrl: `${url}/live/stream.mpd`,
        alternatives: [],
      },
    ])
    expect([...origins].sort()).toEqual([
      url,
      'http://cdn.example',
      'http://segments.example',
      'https://cdn2.example:8443',
      'https://time.example',
    ])
  })

  it('gets one clear line if it is something else', async () => {
    const expected = 'expected the URL of a DASH manifest (MPD)'
    const deep = `${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}`
    for (const body of ['', 'a text', '<html><MPD/></html>', '<MPD></MPD>', '{"MPD":1}', MPD(deep), '<MPD><Period>']) {
      const url = await serveText(body)
      const message = await errorOf(openMedia({ mpd: `${url}/a.mpd` }))
      expect(message, body.slice(0, 50)).toBe(`cannot play ${url}/a.mpd: its content is not a manifest; ${expected}`)
    }
    expect(await errorOf(openMedia({ mpd: 'a.mpd' }))).toBe(
      'cannot load "a.mpd": expected the http URL of a DASH manifest (MPD)',
    )
  })

  it('gets one clear line if pages of other sites may not load it', async () => {
    const url = await serveText(MPD('<Period/>'), {})
    expect(await errorOf(openMedia({ mpd: `${url}/a.mpd` }))).toBe(
      `cannot play ${url}/a.mpd: its server does not let pages of other sites load it; it must send Access-Control-Allow-Origin: *`,
    )
  })

  it('gets one clear line if it names more hosts than a header of the pages can', async () => {
    const hosts = Array.from({ length: 51 }, (_, index) => `<BaseURL>http://cdn${index}.example/</BaseURL>`).join('')
    const url = await serveText(MPD(`${hosts}<Period/>`))
    expect(await errorOf(openMedia({ mpd: `${url}/a.mpd` }))).toBe(
      `cannot play ${url}/a.mpd: it names 52 hosts; expected at most 50`,
    )
  })

  it('is not read for ever, nor without end', async () => {
    const endless = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write('<!-- more -->'.repeat(5000)));
      }
      response.on('drain', write)
      write()
    })
    expect(await errorOf(openMedia({ mpd: `${endless}/a.mpd` }))).toMatch('it is longer than 4194304 bytes; expected')
    const original = AbortSignal.timeout
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => original.call(AbortSignal, 100))
    const silent = await serve(() => {})
    expect(await errorOf(openMedia({ mpd: `${silent}/a.mpd` }))).toMatch(': no answer within 8 s; expected')
    const stalled = await serve((_request, response) => void response.write('<MPD>'))
    expect(await errorOf(openMedia({ mpd: `${stalled}/a.mpd` }))).toMatch(': no answer within 8 s; expected')
  })
})
