import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeWallClockMessage } from '../../../src/messages/index.js'
import { EXAMPLES, RunningExample, stopExamplesAfterEach, WALL_CLOCK_REQUEST } from '../../helpers/running-example.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

stopExamplesAfterEach()

/** What the wall clock at a `udp:` URL answers. */
async function askTheTime(udpUrl: string) {
  const { hostname, port } = new URL(udpUrl)
  const client = await UdpClient.open({ address: hostname, port: Number(port) })
  try {
    return decodeWallClockMessage(await client.request(WALL_CLOCK_REQUEST))
  } finally {
    await client.close()
  }
}

/** Ends an example in good order: its companions are sent away, and nothing was wrong. */
async function expectGoodEnd(example: RunningExample, ...clients: WsClient[]) {
  const exit = example.stop()
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 })
  expect(await exit).toBe(0)
  expect(example.stderr).toBe('')
}

describe('an example', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.js')))(
    'fits on a screen, and is checked for types: %s',
    (name) => {
      const lines = readFileSync(new URL(name, EXAMPLES), 'utf8').trimEnd().split('\n')
      expect(lines.length).toBeLessThan(60)
      expect(lines[0]).toBe('// @ts-check')
    },
  )
})

describe('the CII server', () => {
  it('tells what is on, and what was typed', async () => {
    const example = new RunningExample('cii-server')
    const client = await WsClient.open(await example.url())
    expect(await client.nextJson()).toMatchObject({
      protocolVersion: '1.1',
      contentId: 'dvb://233a.1004.1044',
      contentIdStatus: 'final',
      presentationStatus: 'okay',
      wcUrl: 'udp://127.0.0.1:6677',
    })
    example.type('https://example.com/film.mpd')
    expect(await client.nextJson()).toEqual({ contentId: 'https://example.com/film.mpd', contentIdStatus: 'final' })
    expect(await example.next()).toBe('sent https://example.com/film.mpd to 1 companions')
    await expectGoodEnd(example, client)
  })
})

describe('the TS server with a timeline source of its own', () => {
  it('follows its player', async () => {
    const example = new RunningExample('ts-server')
    const client = await WsClient.open(await example.url())
    client.send({
      contentIdStem: 'https://example.com/',
      timelineSelector: 'urn:dvb:css:timeline:mpd:period:rel:1000',
    })
    expect(await client.nextJson()).toMatchObject({ contentTime: '0', timelineSpeedMultiplier: 1 })
    example.type('seek 90')
    expect(await client.nextJson()).toMatchObject({ contentTime: '90000', timelineSpeedMultiplier: 1 })
    example.type('pause')
    const paused = await client.nextJson()
    expect(paused.timelineSpeedMultiplier).toBe(0)
    expect(Number(paused.contentTime)).toBeGreaterThanOrEqual(90_000)
    example.type('play')
    // Nothing has moved meanwhile.
    expect(await client.nextJson()).toMatchObject({ contentTime: paused.contentTime, timelineSpeedMultiplier: 1 })
    await expectGoodEnd(example, client)
  })

  it('has no other timeline', async () => {
    const example = new RunningExample('ts-server')
    const client = await WsClient.open(await example.url())
    client.send({ contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' })
    expect(await client.nextJson()).toMatchObject({ contentTime: null, timelineSpeedMultiplier: null })
  })
})

describe('the wall clock server', () => {
  it('tells the time, and at its end how often it was asked', async () => {
    const example = new RunningExample('wall-clock-server')
    const url = await example.url()
    const first = await askTheTime(url)
    expect(first).toMatchObject({ type: 1, originateNanos: 1_234_567_890n, maxFreqErrorPpm: 50 })
    const second = await askTheTime(url)
    expect(second.receiveNanos).toBeGreaterThan(first.transmitNanos)
    await expectGoodEnd(example)
    expect(await example.next()).toMatch(/^answered 2 of 2 requests/)
  })
})

describe('a protocol of its own', () => {
  it('counts the votes of those who are there', async () => {
    const example = new RunningExample('own-protocol')
    const url = await example.url()
    const one = await WsClient.open(url)
    expect(await one.nextJson()).toEqual({ yes: 0, no: 0 })
    one.send('yes')
    expect(await one.nextJson()).toEqual({ yes: 1, no: 0 })
    const other = await WsClient.open(url)
    expect(await other.nextJson()).toEqual({ yes: 1, no: 0 })
    other.send('yes')
    expect(await one.nextJson()).toEqual({ yes: 2, no: 0 })
    other.send('no')
    expect(await one.nextJson()).toEqual({ yes: 1, no: 1 })
    await other.close()
    expect(await one.nextJson()).toEqual({ yes: 1, no: 0 })
    await expectGoodEnd(example, one)
  })

  it('does not count what is no vote, and says so in the log', async () => {
    const example = new RunningExample('own-protocol')
    const client = await WsClient.open(await example.url())
    await client.next()
    client.send('perhaps')
    expect(JSON.parse(await example.next())).toMatchObject({ reason: 'invalid', detail: 'expected one of yes, no' })
    await client.roundTrip()
    expect(client.queued).toBe(0)
  })
})

describe('the television with authentication', () => {
  const TOKEN = 'open sesame'
  const start = () => new RunningExample('television-with-authentication', { TOKEN, WC_PORT: '0' })
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  it('lets a companion with the token find and use all three protocols', async () => {
    const example = start()
    const cii = await WsClient.open(await example.url(), bearer(TOKEN))
    const state = await cii.nextJson()
    const ts = await WsClient.open(String(state.tsUrl), bearer(TOKEN))
    ts.send({ contentIdStem: String(state.contentId), timelineSelector: 'urn:dvb:css:timeline:pts' })
    const timestamp = await ts.nextJson()
    expect(timestamp).toMatchObject({ timelineSpeedMultiplier: 1 })
    // One clock for both: it has gone on since the timeline's timestamp was made.
    const { transmitNanos } = await askTheTime(String(state.wcUrl))
    expect(transmitNanos).toBeGreaterThan(BigInt(String(timestamp.wallClockTime)))
    await expectGoodEnd(example, cii, ts)
  })

  it.each([
    ['without a token', {}],
    ['with another token', bearer('open barley')],
  ])('refuses a companion %s, on every endpoint', async (_name, options) => {
    const example = start()
    const url = await example.url()
    for (const path of ['/cii', '/ts']) {
      const refused = await refusal(new URL(path, url).href, options)
      expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    }
    await expectGoodEnd(example)
  })

  it('does not start without a token', async () => {
    const example = new RunningExample('television-with-authentication', { TOKEN: '' })
    expect(await example.exited).toBe(1)
    expect(example.stderr).toContain('TOKEN')
  })
})
