import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Cii, CiiServer, ciiPlugin, DvbcssError, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

async function ciiApp(options: Record<string, unknown> = {}, appOptions = {}) {
  const app = makeApp(appOptions)
  await app.register(ciiPlugin, { prefix: '/cii', ...options })
  return { app, url: `${await listen(app)}/cii` }
}

const ON_AIR: Cii = { contentId: 'dvb://233a.1004.1044', contentIdStatus: 'final', presentationStatus: ['okay'] }

describe('a CII client', () => {
  it('first gets every property that is set, and protocolVersion in any case', async () => {
    const { app, url } = await ciiApp()
    app.cii.update({ ...ON_AIR, presentationStatus: ['okay', 'urn:x'] })
    const client = await WsClient.open(url)
    expect(await client.nextJson()).toEqual({
      protocolVersion: '1.1',
      contentId: 'dvb://233a.1004.1044',
      contentIdStatus: 'final',
      presentationStatus: 'okay urn:x',
    })
  })

  it('then gets what has changed, and nothing when nothing has', async () => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    await client.next()
    app.cii.update({ presentationStatus: ['okay'] })
    app.cii.updateClients()
    app.cii.update({ presentationStatus: ['fault'] })
    expect(await client.nextJson()).toEqual({ presentationStatus: 'fault' })
  })

  it('always gets contentIdStatus with contentId', async () => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    await client.next()
    app.cii.update({ contentId: 'dvb://233a.1004.1055' })
    expect(await client.nextJson()).toEqual({ contentId: 'dvb://233a.1004.1055', contentIdStatus: 'final' })
    app.cii.update({ contentId: null })
    expect(await client.nextJson()).toEqual({ contentId: null, contentIdStatus: null })
  })

  it('gets null for what the app removes, by update or by a new state', async () => {
    const { app, url } = await ciiApp({ cii: { ...ON_AIR, mrsUrl: 'http://a/', teUrl: 'ws://b/' } })
    const client = await WsClient.open(url)
    await client.next()
    app.cii.update({ mrsUrl: null })
    expect(await client.nextJson()).toEqual({ mrsUrl: null })
    app.cii.cii = ON_AIR
    expect(await client.nextJson()).toEqual({ teUrl: null })
    expect(app.cii.cii).toEqual({ protocolVersion: '1.1', ...ON_AIR })
  })

  it('gets null in its first message for what the app has set to null, and nothing for what it has not set', async () => {
    const cii = { ...ON_AIR, mrsUrl: null, teUrl: null, private: undefined }
    const { app, url } = await ciiApp({ cii: cii as object })
    const { private: _, ...state } = { protocolVersion: '1.1', ...cii }
    expect(app.cii.cii).toStrictEqual(state)
    const first = { ...state, presentationStatus: 'okay' }
    const client = await WsClient.open(url)
    expect(await client.nextJson()).toStrictEqual(first)
    app.cii.update({ mrsUrl: 'http://a/', teUrl: undefined } as object)
    expect(await client.nextJson()).toStrictEqual({ mrsUrl: 'http://a/' })
    app.cii.update({ mrsUrl: null, tsUrl: null })
    expect(await client.nextJson()).toStrictEqual({ mrsUrl: null, tsUrl: null })
    const later = await WsClient.open(url)
    expect(await later.nextJson()).toStrictEqual({ ...first, tsUrl: null })
    app.cii.updateClients({ onlyDiff: false })
    expect(await later.nextJson()).toStrictEqual({ ...first, tsUrl: null })
    // Absent and null are the same to a client that has null already.
    app.cii.cii = ON_AIR
    app.cii.updateClients({ evenIfEmpty: true })
    expect(await later.nextJson()).toStrictEqual({})
    expect(await (await WsClient.open(url)).nextJson()).toStrictEqual({
      protocolVersion: '1.1',
      ...ON_AIR,
      presentationStatus: 'okay',
    })
  })

  it('gets a content id of null with a status of null', async () => {
    const { app, url } = await ciiApp({ cii: { contentId: null } })
    const client = await WsClient.open(url)
    const unknown = { contentId: null, contentIdStatus: null }
    expect(await client.nextJson()).toStrictEqual({ protocolVersion: '1.1', ...unknown })
    app.cii.update({ contentId: 'dvb://1.2.3', contentIdStatus: 'final' })
    await client.next()
    app.cii.cii = { contentId: null }
    expect(await client.nextJson()).toStrictEqual(unknown)
    expect(() => app.cii.update({ contentId: 'dvb://1.2.3', contentIdStatus: null })).toThrow('contentIdStatus')
  })

  it('can be sent everything, or an empty message, on request', async () => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    const first = await client.nextJson()
    app.cii.updateClients({ onlyDiff: false })
    expect(await client.nextJson()).toEqual(first)
    app.cii.updateClients({ evenIfEmpty: true })
    expect(await client.nextJson()).toEqual({})
  })

  it('ends with the last state when changes come faster than they can be sent', async () => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    const state = await client.nextJson()
    for (let n = 0; n < 1000; n += 1) {
      app.cii.update({ contentId: `dvb://1.2.${n}`, teUrl: n % 2 === 0 ? `ws://te/${n}` : null })
    }
    while (state.contentId !== 'dvb://1.2.999') Object.assign(state, await client.nextJson())
    expect(state).toMatchObject({ contentId: 'dvb://1.2.999', teUrl: null })
    expect(app.cii.statistics.coalesced).toBeGreaterThan(0)
    expect(app.cii.statistics.messagesOut).toBeLessThan(1000)
  })
})

describe('properties that are repeated', () => {
  it('come with every message of changes, and cause none', async () => {
    const { app, url } = await ciiApp({ cii: { ...ON_AIR, timelines: [] }, repeatedProperties: ['timelines', 'teUrl'] })
    const client = await WsClient.open(url)
    await client.next()
    app.cii.update({ presentationStatus: ['okay'] })
    app.cii.update({ presentationStatus: ['fault'] })
    expect(await client.nextJson()).toEqual({ presentationStatus: 'fault', timelines: [] })
  })

  it('must be properties of CII', async () => {
    const app = makeApp()
    app.register(ciiPlugin, { repeatedProperties: ['timeline'] as never })
    await expect(app.ready()).rejects.toThrow(
      '"repeatedProperties" must be a list of names of CII properties; received',
    )
  })
})

describe('placeholders in the URLs', () => {
  const urls = {
    wcUrl: 'udp://{{host}}:6677',
    tsUrl: '{{scheme}}://{{host}}:{{port}}/ts',
    mrsUrl: 'http://{{host}}/mrs',
  }

  it('become the address at which each client reached us', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', cii: urls })
    const { port } = new URL(await listen(app, '::'))
    const v4 = await WsClient.open(`ws://127.0.0.1:${port}/cii`)
    expect(await v4.nextJson()).toMatchObject({
      wcUrl: 'udp://127.0.0.1:6677',
      tsUrl: `ws://127.0.0.1:${port}/ts`,
      mrsUrl: 'http://127.0.0.1/mrs',
    })
    const v6 = await WsClient.open(`ws://[::1]:${port}/cii`)
    expect(await v6.nextJson()).toMatchObject({ wcUrl: 'udp://[::1]:6677', tsUrl: `ws://[::1]:${port}/ts` })
  })

  it('do not believe a Host header, nor a forwarded one that the app does not trust', async () => {
    const { url } = await ciiApp({ cii: urls })
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '1.2.3.4' }
    const client = await WsClient.open(url, { headers })
    expect(await client.nextJson()).toMatchObject({ wcUrl: 'udp://127.0.0.1:6677' })
  })

  it.each([
    ['tv.example', 'http', 'udp://tv.example:6677', 'ws://tv.example:80/ts'],
    ['tv.example:8443', 'https', 'udp://tv.example:6677', 'wss://tv.example:8443/ts'],
    ['[2001:db8::1]:99', 'http', 'udp://[2001:db8::1]:6677', 'ws://[2001:db8::1]:99/ts'],
  ])('follow a proxy that the app trusts: %s', async (host, proto, wcUrl, tsUrl) => {
    const { url } = await ciiApp({ cii: urls }, { trustProxy: true })
    const headers = { 'x-forwarded-host': host, 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': proto }
    const client = await WsClient.open(url, { headers })
    expect(await client.nextJson()).toMatchObject({ wcUrl, tsUrl })
  })

  it.each(['a b', 'x/../y', 'user@host', '"quoted"', 'a'.repeat(5000), ''])(
    'fall back to the socket when a trusted proxy sends what is no host: %s',
    async (host) => {
      const { url } = await ciiApp({ cii: urls }, { trustProxy: true })
      const client = await WsClient.open(url, { headers: { 'x-forwarded-host': host, 'x-forwarded-for': '1.2.3.4' } })
      expect(await client.nextJson()).toMatchObject({
        wcUrl: expect.stringMatching(/^udp:\/\/(127\.0\.0\.1|a+):6677$/),
      })
    },
  )
})

describe('advertising', () => {
  it('fills in wcUrl and tsUrl from the other plugins, in whichever order they are registered', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    const base = await listen(app)
    const client = await WsClient.open(`${base}/cii`)
    expect(await client.nextJson()).toEqual({
      protocolVersion: '1.1',
      wcUrl: `udp://127.0.0.1:${app.wallClockServer.address?.port}`,
      tsUrl: `${base}/ts`,
    })
  })

  it('leaves alone what the app has set, to a value or to null', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(ciiPlugin, { prefix: '/cii', cii: { wcUrl: 'udp://192.0.2.1:1234', tsUrl: null } })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1', wcUrl: 'udp://192.0.2.1:1234', tsUrl: null })
  })

  it('can be turned off', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii', advertise: false })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
  })
})

describe('a CII client that talks', () => {
  it('is ignored and counted, and stays connected', async () => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    await client.next()
    client.send({ hello: 'tv' })
    await client.roundTrip()
    expect(app.cii.statistics.dropped.ignored).toBe(1)
    app.cii.update({ presentationStatus: ['fault'] })
    expect(await client.nextJson()).toEqual({ presentationStatus: 'fault' })
  })

  it('is closed with 1008 when it sends rubbish without end', async () => {
    const stream = new LogLines()
    const { app, url } = await ciiApp({ maxBadMessages: 10 }, { logger: { level: 'debug', stream } })
    const client = await WsClient.open(url)
    for (let n = 0; n < 5; n += 1) {
      client.send('not json')
      client.send(new Uint8Array(3))
    }
    expect((await client.closed).code).toBe(1008)
    expect(app.cii.statistics.dropped).toMatchObject({ 'not-json': 5, binary: 5 })
    const bad = stream.lines.filter(({ msg }) => msg === 'bad message')
    expect(bad[0]).toMatchObject({ level: 40, connection: expect.stringMatching(/^cii-/), reason: 'not-json' })
    expect(bad.filter(({ level }) => level === 40)).toHaveLength(5)
  })
})

describe('an app that sets an invalid CII', () => {
  it.each([
    [{ contentId: 7 }, 'contentId'],
    [{ contentIdStatus: 'maybe' }, 'contentIdStatus'],
    [{ private: [{ data: 1 }] }, 'private[0].type'],
    [{ presentationStatus: [] }, 'presentationStatus'],
    [{ presentationStatus: 'okay' }, 'presentationStatus'],
    [{ timelines: [{ timelineSelector: 'x' }] }, 'timelines[0].timelineProperties'],
    [{ contentID: 'x' }, 'contentID'],
    ['okay', 'cii'],
  ])('gets an error that names the property, and clients keep the last good state: %j', async (change, property) => {
    const { app, url } = await ciiApp({ cii: ON_AIR })
    const client = await WsClient.open(url)
    const first = await client.nextJson()
    const update = () => app.cii.update(change as Cii)
    expect(update).toThrow(expect.toSatisfy((error) => error instanceof DvbcssError || error instanceof TypeError))
    expect(update).toThrow(property)
    expect(app.cii.cii).toEqual({ protocolVersion: '1.1', ...ON_AIR })
    app.cii.updateClients({ onlyDiff: false })
    expect(await client.nextJson()).toEqual(first)
  })

  it('gets it as well when it sets a content id without a status', () => {
    expect(() => new CiiServer({ cii: { contentId: 'dvb://1.2.3' } })).toThrow(/contentIdStatus/)
  })
})

describe('the answer to a handshake', () => {
  it('leaves in one packet with the first message', async () => {
    const { hostname, port } = new URL((await ciiApp()).url)
    const socket = connect(Number(port), hostname)
    socket.write(
      'GET /cii HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    const [packet] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(packet.toString('latin1')).toMatch(/^HTTP\/1.1 101 .*\r\n\r\n.*"protocolVersion":"1.1"/s)
  })
})
