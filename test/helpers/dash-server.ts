import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const MEDIA = new URL('../../media/', import.meta.url)
const PICTURE = readFileSync(new URL('test-clip.cam2.webm', MEDIA))
const SOUND = readFileSync(new URL('test-clip.de.webm', MEDIA))
const FILES: Record<string, Buffer> = { '/picture.webm': PICTURE, '/sound.webm': SOUND }

/** Elements of Matroska (RFC 9559). */
const CUES = Buffer.from([0x1c, 0x53, 0xbb, 0x6b])
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75])

export interface DashServer {
  /** Of its manifest. */
  readonly url: string
  /** The paths that were asked for, each once. */
  readonly asked: ReadonlySet<string>
  close(): Promise<void>
}

/** Serves the second camera and the German sound of the test clip as a DASH stream, to pages of every site. */
export async function serveDash(): Promise<DashServer> {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'range')
    asked.add(path)
    if (path === '/stream.mpd') return void response.setHeader('content-type', 'application/dash+xml').end(manifest())
    const file = FILES[path]
    if (file === undefined) return void response.writeHead(404).end()
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const part = file.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${file.length}`
    response.writeHead(206, { 'content-range': range, 'content-length': part.length }).end(part)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream.mpd`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function manifest(): string {
  return `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static"
  mediaPresentationDuration="PT40S" minBufferTime="PT2S">
  <ProgramInformation><Title>A stream</Title></ProgramInformation>
  <Period>
    ${adaptationSet('video', 'vp8', 'picture.webm', PICTURE, 'width="320" height="180" frameRate="25"')}
    ${adaptationSet('audio', 'opus', 'sound.webm', SOUND, 'audioSamplingRate="48000"')}
  </Period>
</MPD>`
}

function adaptationSet(kind: string, codec: string, name: string, file: Buffer, attributes: string): string {
  const cues = file.lastIndexOf(CUES)
  return `<AdaptationSet contentType="${kind}" mimeType="${kind}/webm" codecs="${codec}">
      <Representation id="${kind}" bandwidth="60000" ${attributes}>
        <BaseURL>${name}</BaseURL>
        <SegmentBase indexRange="${cues}-${cues + elementBytes(file, cues) - 1}">
          <Initialization range="0-${file.indexOf(CLUSTER) - 1}"/>
        </SegmentBase>
      </Representation>
    </AdaptationSet>`
}

/** The length of an element with an identifier of four bytes, whose size is an integer of as many bytes as its first one says. */
function elementBytes(file: Buffer, at: number): number {
  const first = file[at + 4] ?? 0
  const length = Math.clz32(first) - 23
  let size = first & (0xff >> length)
  for (let index = 1; index < length; index += 1) size = size * 256 + (file[at + 4 + index] ?? 0)
  return 4 + length + size
}
