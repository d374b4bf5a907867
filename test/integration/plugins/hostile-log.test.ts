import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { HOSTILE, unsafeCharacters } from '../../helpers/hostile-text.js'
import { LogLines } from '../../helpers/log-lines.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const MAX_LINE = 1500

class RawLines extends LogLines {
  readonly texts: string[] = []

  override _write(chunk: Buffer, encoding: string, done: () => void): void {
    this.texts.push(...chunk.toString().split('\n'))
    super._write(chunk, encoding, done)
  }
}

async function loggingApp(): Promise<{ app: FastifyInstance; url: string; log: RawLines }> {
  const log = new RawLines()
  const app = makeApp({ logger: { level: 'debug', stream: log }, trustProxy: true })
  await app.register(ciiPlugin, { prefix: '/cii', maxConnectionsPerAddress: 3, maxBadMessages: 3 })
  await app.register(tsPlugin, { prefix: '/ts', contentId: `dvb://${HOSTILE}` })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  return { app, url: await listen(app), log }
}

/** Sends a handshake as it stands: with header bytes that no HTTP client would send. */
function rawHandshake(url: string, path: string, headers: string): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      const lines = [`GET ${path} HTTP/1.1`, 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13']
      socket.write(
        `${[...lines, 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', headers].join('\r\n')}\r\n\r\n`,
        'latin1',
      )
    })
    socket.once('data', () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => resolve())
  })
}

describe('the log of an app', () => {
  it('is left as it is when the app has one logger for all requests, as without a logger', async () => {
    const app = makeApp({ logger: false })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const { info } = app.log
    await app.inject('/cii')
    expect(app.log.info).toBe(info)
  })

  it('can be a logger of the app with private fields', async () => {
    const written: string[] = []
    class PrivateLogger {
      readonly level = 'info'
      readonly #written = written
      #write(level: string, message: unknown): void {
        this.#written.push(`${level}: ${message}`)
      }
      fatal = (_fields: unknown, message?: string) => this.#write('fatal', message)
      error(_fields: unknown, message?: string): void {
        this.#write('error', message)
      }
      warn(fields: unknown, message?: string): void {
        this.#write('warn', message ?? fields)
      }
      info(_fields: unknown, message?: string): void {
        this.#write('info', message)
      }
      debug(): void {}
      trace(): void {}
      silent(): void {}
      child(): PrivateLogger {
        return new PrivateLogger()
      }
    }
    const app = makeApp({ logger: undefined, loggerInstance: new PrivateLogger() } as never)
    app.addHook('onRequest', async (request) => {
      request.log.warn('from a hook')
      request.log.child({}).warn('from a child')
    })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    await client.next()
    expect(written).toEqual(expect.arrayContaining(['warn: from a hook', 'warn: from a child', 'info: connected']))
  })

  it('holds no request id and no version raw or long that a client has chosen', async () => {
    const log = new RawLines()
    const app = makeApp({ logger: { level: 'debug', stream: log }, requestIdHeader: 'x-request-id' })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const url = await listen(app)
    for (const name of ['x-request-id', 'accept-version']) {
      await rawHandshake(url, '/cii', `host: x\r\n${name}: \u009b2J${'9'.repeat(5000)}`)
    }
    await log.line((line) => line.msg === 'disconnected' && line.connection !== undefined)
    expect(log.lines.filter((line) => line.msg === 'incoming request')).toHaveLength(2)
    expect(log.texts.filter((line) => unsafeCharacters(line).length > 0)).toEqual([])
    expect(log.texts.filter((line) => line.length > MAX_LINE)).toEqual([])
  })

  it('holds nothing of a client raw or long, whatever the client sends', async () => {
    const { url, log } = await loggingApp()
    const long = '9'.repeat(15_000)
    for (const path of ['/cii', '/ts', '/wc']) {
      for (const message of [
        HOSTILE,
        `{"${HOSTILE}`,
        JSON.stringify(HOSTILE),
        JSON.stringify({ [HOSTILE]: HOSTILE, v: HOSTILE, t: HOSTILE, actual: HOSTILE, earliest: HOSTILE }),
        JSON.stringify({ contentIdStem: [HOSTILE], timelineSelector: HOSTILE }),
        JSON.stringify({
          contentIdStem: HOSTILE + long.slice(0, 2000),
          timelineSelector: HOSTILE + long.slice(0, 2000),
        }),
        JSON.stringify({ earliest: { contentTime: long, wallClockTime: HOSTILE }, latest: { contentTime: long } }),
      ]) {
        const client = await WsClient.open(`${url}${path}?${'x'.repeat(10_000)}`, {
          headers: { 'x-forwarded-for': `\u009b${'\u00ad'.repeat(300)}${long.slice(0, 2000)}` },
        })
        client.send(message)
        await client.roundTrip()
        client.socket.close(4000, HOSTILE.replaceAll(/[\ud800\udc00]/gu, '').slice(0, 50))
        await client.closed
      }
    }
    await rawHandshake(url, `/cii?${'x'.repeat(2000)}`, 'host: \u009b2J\r\nx-forwarded-for: \u009b2J')
    await log.line((line) => line.msg === 'disconnected' && line.endpoint === 'wall-clock-websocket-server')
    expect(log.texts.filter((line) => unsafeCharacters(line).length > 0)).toEqual([])
    expect(log.texts.filter((line) => line.length > MAX_LINE)).toEqual([])
    expect(log.texts.filter((line) => line.startsWith('FAKE'))).toEqual([])
    for (const message of ['connected', 'disconnected', 'bad message', 'setup-data', 'incoming request']) {
      expect(log.lines.some((line) => line.msg === message)).toBe(true)
    }
  })

  it('is not filled by clients that come and go, or are refused: the rest is counted', async () => {
    const { app, url, log } = await loggingApp()
    for (let index = 0; index < 150; index++) {
      const client = await WsClient.open(`${url}/cii`)
      client.send(new Uint8Array(1))
      await client.roundTrip()
      client.socket.terminate()
      await client.closed
    }
    while (app.cii.statistics.open > 0) await new Promise((resolve) => setImmediate(resolve))
    const held = await Promise.all([1, 2, 3].map(() => WsClient.open(`${url}/cii`)))
    for (let index = 0; index < 150; index++) await refusal(`${url}/cii`)
    const summary = await log.line((line) => line.kind === 'connection refused')
    expect(summary).toMatchObject({ msg: 'log lines left out: too many of this kind', endpoint: 'cii-server' })
    for (const kind of ['connected', 'disconnected', 'bad message', 'connection refused', 'incoming request']) {
      const written = log.lines.filter((line) => line.msg === kind).length
      const leftOut = log.lines
        .filter((line) => line.kind === kind)
        .reduce((sum, line) => sum + Number(line.leftOut), 0)
      expect(written).toBeGreaterThanOrEqual(50)
      expect(leftOut).toBeGreaterThan(0)
    }
    for (const client of held) client.socket.terminate()
  })

  it('takes whatever the hooks of the app write', async () => {
    const { app, url, log } = await loggingApp()
    app.cii.onConnect = (connection) => {
      for (let index = 0; index < 200; index++) connection.log.info({ index }, 'from the hook')
    }
    const client = await WsClient.open(`${url}/cii`)
    await client.next()
    expect(log.lines.filter((line) => line.msg === 'from the hook')).toHaveLength(200)
  })
})
