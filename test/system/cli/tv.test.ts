import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { has } from '../../helpers/needs.js'
import { Program } from '../../helpers/program.js'
import { handshake, RawClient } from '../../helpers/raw-client.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { WsClient } from '../../helpers/ws-client.js'

const hasIPv6 = has('ipv6')

const DVBCSS = fileURLToPath(new URL('../../../dist/cli/dvbcss.js', import.meta.url))

/** Version 0, type 0: the rest may be anything. */
const WALL_CLOCK_REQUEST = new Uint8Array(32)

const running: Program[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.end('SIGKILL')))
})

function dvbcss(...args: string[]): Program {
  const program = new Program(DVBCSS, args)
  running.push(program)
  return program
}

async function television(...args: string[]) {
  const tv = dvbcss('tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', ...args)
  const [, cii = ''] = await tv.printed(/CSS-CII {2}(ws:\S+)/)
  const [, ts = ''] = await tv.printed(/CSS-TS {3}(ws:\S+)/)
  await tv.printed(/Type a command/)
  return { tv, cii, ts }
}

describe('the television', () => {
  it('tells companions everything in the first message, with a content id that is partial at first and final later', async () => {
    const { tv, cii, ts } = await television()
    const client = await WsClient.open(cii)
    const [, wcUrl] = await tv.printed(/CSS-WC {3}(udp:\S+)/)
    expect(await client.nextJson()).toMatchObject({
      protocolVersion: '1.1',
      contentId: 'dvb://233a.1004.1044',
      contentIdStatus: 'partial',
      presentationStatus: 'okay',
      wcUrl,
      tsUrl: ts,
      timelines: expect.arrayContaining([
        {
          timelineSelector: 'urn:dvb:css:timeline:pts',
          timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
        },
      ]),
    })
    expect(await client.nextJson()).toMatchObject({
      contentId: 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M',
      contentIdStatus: 'final',
    })
  })

  it('prints URLs that answer, each of them, on IPv4 and IPv6', async () => {
    const tv = dvbcss('tv', '--port', '0', '--wc-port', '0', '--no-discovery')
    await tv.printed(/Type a command/)
    const urls = [...tv.output.matchAll(/CSS-\w+ +(\S+)/g)].map(([, url = '']) => url)
    for (const host of ['127.0.0.1', ...(hasIPv6 ? ['[::1]'] : [])]) {
      expect(urls.some((url) => url.startsWith(`udp://${host}:`))).toBe(true)
      expect(urls.some((url) => url.startsWith(`ws://${host}:`) && url.endsWith('/cii'))).toBe(true)
    }
    for (const url of urls) {
      if (url.startsWith('udp:')) {
        const { hostname, port } = new URL(url.replace('udp:', 'http:'))
        const address = hostname.replace(/^\[|\]$/g, '')
        const client = await UdpClient.open(
          { address, port: Number(port) },
          { host: address.includes(':') ? '::' : '0.0.0.0' },
        )
        expect(await client.request(WALL_CLOCK_REQUEST)).toHaveLength(32)
        await client.close()
      } else {
        const client = await WsClient.open(url)
        client.socket.terminate()
      }
    }
  })

  it('does what is typed, and its companions see it', async () => {
    const { tv, ts } = await television()
    const client = await WsClient.open(ts)
    client.send({ contentIdStem: 'dvb://233a', timelineSelector: 'urn:dvb:css:timeline:pts' })
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 1 })
    await tv.type('pause', /position \d+\.\d+ s, speed 0/)
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 0 })
    await tv.type('seek 100', /position 100\.000 s, speed 0/)
    expect(await client.nextJson()).toMatchObject({ contentTime: '9000000', timelineSpeedMultiplier: 0 })
    await tv.type('speed 2', /position 100\.\d+ s, speed 2/)
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 2 })
    await tv.type('content dvb://1.2.5;6', /switching to dvb:/)
    const viewer = await WsClient.open(ts)
    viewer.send({ contentIdStem: 'dvb://1.2.5', timelineSelector: 'urn:dvb:css:timeline:pts' })
    let there = await viewer.nextJson()
    while (there.contentTime === null) there = await viewer.nextJson()
    expect(there).toMatchObject({ timelineSpeedMultiplier: 2, contentTime: expect.stringMatching(/^\d{1,6}$/) })
    // Who followed the old channel is told that it is gone, and nothing of the new one.
    expect(await client.nextJson()).toMatchObject({ contentTime: null })
    await client.roundTrip()
    expect(client.queued).toBe(0)
    await tv.type('status', /content {4}dvb:\/\/1\.2\.5 \(partial, okay\)/)
  })

  it('says what it expected when it does not understand', async () => {
    const { tv } = await television()
    await tv.type('stop', /unknown command "stop"; commands:/)
    await tv.type('seek', /seek: expected a number of seconds, for example "seek 90\.5"; received ""/)
    await tv.type('speed fast', /speed: expected a number, for example "speed 2"; received "fast"/)
    await tv.type('content nonsense', /content: expected a URI/)
  })

  it('finds one timeline some seconds after it was first asked for', async () => {
    const { ts } = await television()
    const client = await WsClient.open(ts)
    client.send({ contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:mpd:period:rel:1000' })
    await client.roundTrip()
    expect(client.queued).toBe(0)
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 1 })
  })

  it('runs on when its input is closed, and ends in good order when told to', async () => {
    const { tv, cii } = await television()
    tv.process.stdin?.end()
    const client = await WsClient.open(cii)
    await client.next()
    expect(await tv.end('SIGTERM')).toBe(0)
    expect((await client.closed).code).toBe(1001)
  })

  it('waits for no peer that never answers, and ends at once when it is told twice', async () => {
    const { tv, cii } = await television()
    const client = await WsClient.open(cii)
    client.socket.pause()
    const halfway = connect(Number(new URL(cii).port), '127.0.0.1')
    halfway.on('error', () => {})
    halfway.write('GET /health HTTP/1.1\r\nHost:')
    await once(halfway, 'connect')
    expect(await tv.end('SIGTERM')).toBe(0)
    client.socket.terminate()

    const { tv: second, cii: secondCii } = await television()
    const stuck = await WsClient.open(secondCii)
    stuck.socket.pause()
    second.process.kill('SIGTERM')
    while (second.process.exitCode === null) {
      second.process.kill('SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(second.process.exitCode).toBe(143)
    stuck.socket.terminate()
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('exits in time on %s, whatever is open', async (signal) => {
    const { tv, cii } = await television('--log-level', 'error')
    const open = await Promise.all(Array.from({ length: 20 }, () => WsClient.open(cii)))
    // They never answer the close frame.
    for (const { socket } of open) socket.pause()
    const texts = ['', 'GET /cii HTTP/1.1\r\n', handshake('/cii'), handshake('/nobody', 'Content-Length: 9\r\n')]
    const raw = Array.from({ length: 80 }, (_, n) => new RawClient(cii, texts[n % texts.length] as string))
    await Promise.all(raw.map(({ socket }) => once(socket, 'connect')))
    const start = performance.now()
    expect(await tv.end(signal)).toBe(0)
    expect(performance.now() - start).toBeLessThan(2000)
    for (const { socket } of [...open, ...raw]) 'terminate' in socket ? socket.terminate() : socket.destroy()
  })

  it('tells its health over HTTP', async () => {
    const { cii } = await television()
    const client = await WsClient.open(cii)
    await client.next()
    const response = await fetch(`http://${new URL(cii).host}/health`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      status: 'ok',
      contentId: 'dvb://233a.1004.1044',
      connections: { cii: 1, ts: 0, wc: 0, app2app: 0 },
      wallClock: { requests: 0, answers: 0 },
    })
  })

  it('says which port is taken, and exits with 6', async () => {
    const { ts } = await television()
    const { port } = new URL(ts)
    const second = dvbcss('tv', '--host', '127.0.0.1', '--port', port, '--wc-port', '0')
    expect(await second.exited).toBe(6)
    expect(second.output).toMatch(new RegExp(`dvbcss tv: .*127\\.0\\.0\\.1:${port}`))
  })

  it.each([
    [['tv', '--help'], 0, /--wc-port <port>[\s\S]*seek SECONDS[\s\S]*Examples:/],
    [['tv', '--port', 'x'], 2, /option '--port <port>' argument 'x' is invalid. Expected a port number/],
    [['tv', '--log-level', 'loud'], 2, /Allowed choices are trace, debug/],
    [['tv', '--volume', '11'], 2, /unknown option '--volume'/],
  ])('answers %j', async (args, code, output) => {
    const program = dvbcss(...args)
    expect(await program.exited).toBe(code)
    expect(program.output).toMatch(output)
  })
})
