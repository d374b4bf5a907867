import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SystemClock } from '../../../src/clocks/index.js'
import { CiiClient, Companion, TsClient, WallClockClient } from '../../../src/companion/node/index.js'
import { HOSTILE, unsafeCharacters } from '../../helpers/hostile-text.js'
import { ScriptedServer } from '../../helpers/scripted-server.js'

const MAX_TEXT = 600

/** The texts for people in an event: what an app writes into a log. */
function textsOf(event: object): string[] {
  const { detail, reason, failure } = event as { detail?: string; reason?: string; failure?: { message: string } }
  return [detail, reason, failure?.message].filter((text) => text !== undefined)
}

function expectHarmless(texts: readonly string[]): void {
  expect(texts.flatMap(unsafeCharacters)).toEqual([])
  expect(texts.filter((text) => text.includes('\n') || text.length > MAX_TEXT)).toEqual([])
}

describe('the human-readable texts of a companion', () => {
  it('contain no raw or long text from a television', async () => {
    const server = await ScriptedServer.start()
    const companion = new Companion(server.url)
    const texts: string[] = []
    for (const name of ['unavailable', 'protocolError', 'disconnected', 'connectFailed'] as const) {
      companion.on(name, (event: object) => texts.push(...textsOf(event)))
    }
    companion.start()
    const cii = await server.connection()
    const long = HOSTILE + 'x'.repeat(10_000)
    const timelines = [{ timelineSelector: long, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 1000 } }]
    const state = { protocolVersion: '1.1', contentId: 'dvb://1', contentIdStatus: 'final', presentationStatus: 'okay' }
    cii.send(JSON.stringify({ ...state, timelines, tsUrl: server.url, wcUrl: 'udp://h\u001b\u009b\u202e:6677' }))
    const ts = await server.connection()
    for (const message of [{ [long]: long }, { contentTime: long }, { tsUrl: long }, { contentId: [long] }]) {
      cii.send(JSON.stringify(message))
      ts.send(JSON.stringify(message))
    }
    for (const [property, url] of [
      ['tsUrl', `ws://127.0.0.1:1/${long}`],
      ['tsUrl', long],
      ['wcUrl', `http://${long}`],
      ['wcUrl', `ws://0.0.0.0:1/${long}`],
    ] as const) {
      cii.send(JSON.stringify({ [property]: url }))
    }
    cii.close(4000, '\u001b[31m\u009b\u202e\u2028')
    while (!texts.some((text) => text.includes('\\u001b[31m'))) await new Promise((resolve) => setImmediate(resolve))
    companion.stop()
    await server.stop()
    expect(texts.length).toBeGreaterThan(5)
    expectHarmless(texts)
  })

  it('contain no raw text from an HTTP response', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      const status = 'HTTP/1.1 599 \u009b2J\u001b[31m'
      socket.end(`${status}\r\nretry-after: \u009b2J\r\nlocation: ws://\u009b2J\r\ncontent-length: 0\r\n\r\n`, 'latin1')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const wallClock = new WallClockClient({ transport: url })
    const clock = new SystemClock()
    const texts: string[] = []
    const failed = (event: object) => texts.push(...textsOf(event))
    const clients = [
      new CiiClient(url),
      new TsClient(url, { wallClock: clock, contentIdStem: '', timelineSelector: 'urn:x', tickRate: 1000 }),
    ]
    for (const client of clients) (client as CiiClient).on('connectFailed', failed)
    wallClock.on('disconnected', failed)
    for (const client of [...clients, wallClock]) client.start()
    while (texts.length < 3) await new Promise((resolve) => setImmediate(resolve))
    for (const client of [...clients, wallClock]) client.stop()
    server.close()
    expectHarmless(texts)
  })
})
