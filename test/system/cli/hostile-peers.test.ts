import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { HOSTILE, unsafeCharacters } from '../../helpers/hostile-text.js'
import { WsClient } from '../../helpers/ws-client.js'
import { dvbcss, endToolsAfterEach, scriptedServer } from './tools.js'

endToolsAfterEach()

const MAX_LINE = 1000
const MAX_JSON_LINE = 65_536
const MAX_MEMORY_MIB = 500

const sockets: Socket[] = []
const timers: NodeJS.Timeout[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
  for (const timer of timers.splice(0)) clearInterval(timer)
})

/** Answers each request with many datagrams that are no answers. */
async function hostileWallClock(): Promise<string> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.on('message', (_message, { port, address }) => {
    for (let count = 0; count < 5; count++) socket.send(new Uint8Array(1400).fill(count), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return `udp://127.0.0.1:${socket.address().port}`
}

/** Calls `behave` for every connection of a server, and gives the server's URL. */
async function serverThat(behave: (socket: WebSocket, url: string) => void): Promise<string> {
  const server = await scriptedServer()
  const serve = async (): Promise<void> => {
    for (;;) {
      const socket = await server.connection()
      socket.on('error', () => {})
      behave(socket, server.url)
    }
  }
  void serve()
  return server.url
}

/** Everything that CII and TS can say, with hostile text wherever there is text, valid and not. */
function sayEverything(socket: WebSocket, url: string, wcUrl: string): void {
  const timelines = [{ timelineSelector: HOSTILE, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 1000 } }]
  const long = HOSTILE + 'x'.repeat(100_000)
  for (const message of [
    { protocolVersion: HOSTILE, contentId: HOSTILE, [HOSTILE]: HOSTILE },
    { presentationStatus: `okay ${HOSTILE}`, private: [{ type: HOSTILE, [HOSTILE]: [HOSTILE] }] },
    { protocolVersion: '1.1', contentId: long, contentIdStatus: 'final', presentationStatus: 'okay', timelines },
    { private: [{ type: 'urn:x', [long]: long, list: Array(2000).fill(HOSTILE) }], mrsUrl: HOSTILE, teUrl: long },
    { tsUrl: `${url}${HOSTILE}`, wcUrl: `udp://${HOSTILE}:1` },
    { tsUrl: url, wcUrl, contentId: 'dvb://1', contentIdStatus: 'final', timelines },
    { contentTime: HOSTILE, wallClockTime: '1', timelineSpeedMultiplier: 1 },
    { contentTime: '9'.repeat(20_000), wallClockTime: '1', timelineSpeedMultiplier: 1 },
    { contentTime: '1', wallClockTime: '9'.repeat(20_000), timelineSpeedMultiplier: 1e308 },
  ]) {
    socket.send(JSON.stringify(message))
  }
  socket.send(HOSTILE)
  socket.send(new Uint8Array(100).fill(0x9b))
  setTimeout(() => socket.close(4000, '\u001b[31m\u009b\u202e\u2028'), 1000)
}

function peakMemoryMib(pid: number): number {
  try {
    // A process that has ended, and was not waited for yet, has none.
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function unsafeLines(output: string, maxLine: number): string[] {
  return output
    .split('\n')
    .filter((line) => line.length > maxLine || unsafeCharacters(line).length > 0 || line.startsWith('FAKE'))
    .map((line) => `${line.length}: ${line.slice(0, 200)}`)
}

describe('a television that is hostile', () => {
  const invocations = (url: string, wc: string): string[][] => [
    ['check', url, '--seconds', '1', '--ts', url],
    ['follow', url, '--seconds', '2'],
    ['follow', url, '--seconds', '2', '--no-retry'],
    ['cii', url, '--seconds', '2'],
    ['ts', url, url, '', 'urn:x', '1000', '--seconds', '2'],
    ['wc', wc, '--seconds', '2'],
    ['wc', url, '--seconds', '2'],
    ['wc', url, '--encoding', 'json', '--seconds', '2'],
  ]

  it('gets no unsafe character and no long line onto the terminal, whatever the tool', {
    timeout: 120_000,
  }, async () => {
    const wcUrl = await hostileWallClock()
    const url = await serverThat((socket, own) => sayEverything(socket, own, wcUrl))
    for (const args of invocations(url, wcUrl)) {
      const runs = [dvbcss(...args), dvbcss(...args, '--json')] as const
      await Promise.all(runs.map(({ exited }) => exited))
      for (const run of runs) {
        const isJson = run === runs[1]
        expect(run.output, args.join(' ')).not.toBe('')
        expect(unsafeLines(run.output, isJson ? MAX_JSON_LINE : MAX_LINE), args.join(' ')).toEqual([])
        const lines = run.output.split('\n').filter((line) => isJson && line !== '' && !line.startsWith('dvbcss '))
        for (const line of lines) expect(() => JSON.parse(line), line.slice(0, 200)).not.toThrow()
      }
    }
  })

  it('gives --json the text as it was, where it is not too long', async () => {
    const contentId = HOSTILE.replaceAll(/[\ud800\udc00](?![\udc00-\udfff])/gu, '')
    const url = await serverThat((socket) => socket.send(JSON.stringify({ contentId, contentIdStatus: 'final' })))
    const run = dvbcss('cii', url, '--count', '1', '--json')
    await run.exited
    const change = run.output.split('\n').find((line) => line.includes('"change"'))
    expect(JSON.parse(change ?? '').state.contentId).toBe(contentId)
  })

  it.each([
    [
      'sends 900 KiB again and again',
      (socket: WebSocket) => {
        const text = JSON.stringify({ contentId: 'x'.repeat(900 * 1024), contentIdStatus: 'final' })
        timers.push(
          setInterval(() => socket.bufferedAmount < 4e6 && socket.send(text.replace('x', `${Math.random()}`)), 10),
        )
      },
    ],
    [
      'sends small messages as fast as it can',
      (socket: WebSocket) => {
        let count = 0
        const burst = (): void => {
          for (let index = 0; index < 200 && socket.bufferedAmount < 4e6; index++) {
            socket.send(JSON.stringify({ contentId: `${count++}`, contentIdStatus: 'final' }))
          }
        }
        timers.push(setInterval(burst, 10))
      },
    ],
    ['sends a message of 64 MiB', (socket: WebSocket) => socket.send('x'.repeat(64 << 20))],
    ['is silent after the handshake', () => {}],
    ['reads nothing, and answers no ping', (socket: WebSocket) => void socket.pause()],
  ])(
    'does not keep a tool from its end, nor fill its memory, when it %s',
    { timeout: 120_000 },
    async (_name, behave) => {
      const url = await serverThat(behave)
      const ended = async (...args: string[]): Promise<void> => {
        const started = performance.now()
        const run = dvbcss(...args)
        let peak = 0
        const look = setInterval(() => {
          peak = Math.max(peak, peakMemoryMib(run.process.pid ?? 0))
        }, 50)
        await run.exited
        clearInterval(look)
        expect(peak, args.join(' ')).toBeLessThan(MAX_MEMORY_MIB)
        // Generous, for a busy machine: 6 s to connect, 3 s for the first message, the watch, and 15 s for what is tried then.
        expect(performance.now() - started, args.join(' ')).toBeLessThan(60_000)
      }
      await Promise.all([
        ended('check', url, '--seconds', '1'),
        ended('follow', url, '--seconds', '2'),
        ended('cii', url, '--seconds', '2', '--json'),
      ])
    },
  )
})

describe('a flood of messages', () => {
  it.each<[string, string[]]>([
    ['follow', []],
    ['cii', []],
    ['cii', ['--json']],
    ['ts', ['URL', '', 'urn:x', '1000']],
    ['wc', []],
    ['check', []],
  ])('does not keep dvbcss %s from an interrupt, with %j', { timeout: 120_000 }, async (tool, rest) => {
    let sent = 0
    const url = await serverThat((socket) => {
      const burst = (): void => {
        for (let index = 0; index < 200 && socket.bufferedAmount < 4e6; index++) {
          socket.send(JSON.stringify({ contentId: `${sent++}`, contentIdStatus: 'final' }))
        }
      }
      timers.push(setInterval(burst, 5))
    })
    const run = dvbcss(tool, url, ...rest.map((argument) => (argument === 'URL' ? url : argument)))
    while (sent < 4000) await new Promise((resolve) => setTimeout(resolve, 10))
    const started = performance.now()
    expect(await run.end('SIGINT')).toBe(130)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('a companion that is hostile', () => {
  it('gets no unsafe character and no long line into the log of the television', async () => {
    const tv = dvbcss('tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--log-level', 'trace')
    const [, base = ''] = await tv.printed(/CSS-CII {2}(ws:\S+)\/cii/)
    await tv.printed(/Type a command/)
    const long = '9'.repeat(15_000)
    const time = { contentTime: long, wallClockTime: long }
    for (const path of ['/cii', '/ts', '/wc']) {
      for (const message of [
        HOSTILE,
        JSON.stringify(HOSTILE),
        JSON.stringify({ [HOSTILE]: HOSTILE, v: HOSTILE, t: HOSTILE, actual: HOSTILE, earliest: HOSTILE }),
        JSON.stringify({ contentIdStem: [HOSTILE], timelineSelector: HOSTILE }),
        JSON.stringify({ earliest: time, latest: { contentTime: long, wallClockTime: 'plusinfinity' } }),
      ]) {
        const client = await WsClient.open(`${base}${path}?${'x'.repeat(5000)}`)
        if (path === '/ts') client.send({ contentIdStem: HOSTILE.slice(0, 20), timelineSelector: HOSTILE.slice(0, 20) })
        client.send(message)
        await client.roundTrip()
        client.socket.close(4000, '\u001b[31m\u009b\u202e\u2028')
        await client.closed
      }
    }
    // What Fastify itself logs of a request that it cannot read.
    const raw = connect(Number(new URL(base).port), '127.0.0.1')
    raw.write(`GET /${'\u009b'.repeat(3000)} HTTP/1.1\r\nhost: \u009b2J\r\n\r\n`, 'latin1')
    raw.resume()
    await once(raw, 'close')
    await tv.type('seek \u001b[31m\u009b', /seek: expected/)
    await tv.type(`content dvb://${'x'.repeat(5000)}`, /switching to/)
    await tv.type('\u202eplay', /unknown command/)
    await tv.type('status', /companions/)
    expect(await tv.end()).toBe(0)
    expect(unsafeLines(tv.output, MAX_LINE)).toEqual([])
    expect(tv.output).toMatch(/bad message.*\\u001b/)
    expect(tv.output).toContain('presentation timestamps')
  })
})
