import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ciiPlugin } from '../../../../plugins/index.js'
import type { CiiClientOptions } from '../../../../src/companion/connections/cii-client.js'
import { CiiClient } from '../../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../../helpers/app.js'
import { ScriptedServer } from '../../../helpers/scripted-server.js'

closeAppsAfterEach()

const clients: CiiClient[] = []
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

function clientOf(url: string, options: CiiClientOptions = QUICK): CiiClient {
  const client = new CiiClient(url, options)
  clients.push(client)
  return client
}

async function scripted() {
  const server = await ScriptedServer.start()
  servers.push(server)
  return server
}

describe('a CII client', () => {
  it('mirrors the state of the server, with one event for each message', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', cii: { contentId: 'dvb://1.2.3', contentIdStatus: 'partial' } })
    const client = clientOf(`${await listen(app)}/cii`)
    const first = client.next('change')
    client.start()
    expect(await first).toMatchObject({ changes: ['protocolVersion', 'contentId', 'contentIdStatus'], previous: {} })
    expect(client.state).toEqual(app.cii.cii)
    const second = client.next('change')
    app.cii.update({ contentId: null, mrsUrl: 'http://m/', presentationStatus: ['okay'] })
    const { changes } = await second
    expect([...changes].sort()).toEqual(['contentId', 'contentIdStatus', 'mrsUrl', 'presentationStatus'])
    expect(client.state).toEqual(app.cii.cii)
    expect(client.state).toMatchObject({ contentId: null, contentIdStatus: null, mrsUrl: 'http://m/' })
    expect(client.connected).toBe(true)
  })

  it('emits every valid message, also one that changes nothing', async () => {
    const server = await scripted()
    const client = clientOf(server.url)
    expect(client.latestMessage).toBeUndefined()
    const messages: unknown[] = []
    let changes = 0
    client.on('message', ({ message }) => messages.push(message))
    client.on('change', () => {
      changes += 1
    })
    client.start()
    const connection = await server.connection()
    for (const text of ['{"teUrl":"ws://h/te"}', '{"teUrl":"ws://h/te"}', '{}', 'not JSON']) connection.send(text)
    await client.next('protocolError')
    expect(messages).toEqual([{ teUrl: 'ws://h/te' }, { teUrl: 'ws://h/te' }, {}])
    expect([changes, client.latestMessage]).toEqual([1, {}])
  })

  it('sums its state up in one line, in which the text of the server is escaped', async () => {
    const server = await scripted()
    const client = clientOf(server.url)
    expect(client.statusSummary()).toBe('not connected, nothing received')
    const changed = client.next('change')
    client.start()
    const connection = await server.connection()
    connection.send('{"contentId":"dvb://\\u001b[2J","contentIdStatus":"final","presentationStatus":"okay urn:x"}')
    await changed
    expect(client.statusSummary()).toBe('connected, content dvb://\\u001b[2J (final), okay urn:x')
  })

  it('keeps null from the first message apart from what the server has not sent', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', cii: { mrsUrl: null, teUrl: null } })
    const client = clientOf(`${await listen(app)}/cii`)
    const first = client.next('change')
    client.start()
    expect((await first).changes).toEqual(['protocolVersion', 'mrsUrl', 'teUrl'])
    expect(client.state).toStrictEqual({ protocolVersion: '1.1', mrsUrl: null, teUrl: null })
    const second = client.next('change')
    app.cii.update({ teUrl: 'ws://te/', tsUrl: null })
    expect((await second).changes).toEqual(['tsUrl', 'teUrl'])
    expect(client.state).toStrictEqual({ protocolVersion: '1.1', mrsUrl: null, tsUrl: null, teUrl: 'ws://te/' })
  })

  it('treats the first message after a reconnection as the complete state', async () => {
    const server = await scripted()
    const client = clientOf(server.url)
    client.start()
    const first = await server.connection()
    const changed = client.next('change')
    first.send('{"protocolVersion":"1.1","mrsUrl":"http://m/","teUrl":"ws://t/"}')
    await changed
    const disconnected = client.next('disconnected')
    first.close(1001, 'going')
    expect(await disconnected).toMatchObject({ code: 1001, reason: 'going', retryInSeconds: expect.any(Number) })
    expect(client.state.mrsUrl).toBe('http://m/')
    const second = await server.connection()
    const again = client.next('change')
    second.send('{"protocolVersion":"1.1","mrsUrl":"http://m/"}')
    expect((await again).changes).toEqual(['teUrl'])
    expect(client.state).toEqual({ protocolVersion: '1.1', mrsUrl: 'http://m/' })
  })

  it('connects again to a server that dies and comes back at the same address', async () => {
    const server = await scripted()
    const { port } = server
    const client = clientOf(server.url)
    client.start()
    await server.connection()
    const failed = client.next('connectFailed')
    await server.stop()
    expect((await failed).failure).toMatchObject({ kind: 'refused' })
    const back = await ScriptedServer.start(port)
    servers.push(back)
    const changed = client.next('change')
    ;(await back.connection()).send('{"protocolVersion":"1.1"}')
    await changed
    expect(client.state).toEqual({ protocolVersion: '1.1' })
  })

  it('sends the headers that it was given with every handshake', async () => {
    const server = await scripted()
    const client = clientOf(server.url, { ...QUICK, headers: { authorization: 'Bearer x' } })
    client.start()
    ;(await server.connection()).terminate()
    await server.connection()
    expect(server.handshakes.map(({ headers }) => headers.authorization)).toEqual(['Bearer x', 'Bearer x'])
  })

  it('can be stopped, also while it waits for the next attempt', async () => {
    const server = await scripted()
    server.refuseWith = { status: 503 }
    const client = clientOf(server.url, { backoff: { initialSeconds: 60, maxSeconds: 60 } })
    const failed = client.next('connectFailed')
    client.start()
    await failed
    client.stop()
    server.refuseWith = undefined
    client.start()
    const connection = await server.connection()
    const closed = once(connection, 'close')
    client.stop()
    await closed
    expect(client.connected).toBe(false)
  })
})

describe('why a connection fails', () => {
  it.each([
    [
      { status: 403 },
      { kind: 'http-status', status: 403, message: expect.stringContaining('received HTTP status 403 (disabled') },
    ],
    [
      { status: 503, headers: { 'retry-after': '7' } },
      { kind: 'http-status', status: 503, retryAfterSeconds: 7 },
    ],
    [{ status: 404 }, { kind: 'not-websocket', status: 404 }],
  ])('is said for %j', async (refuseWith, expected) => {
    const server = await scripted()
    server.refuseWith = refuseWith
    const client = clientOf(server.url)
    const failed = client.next('connectFailed')
    client.start()
    const { failure, retryInSeconds } = await failed
    expect(failure).toMatchObject(expected)
    expect(retryInSeconds).toBeGreaterThanOrEqual(failure.retryAfterSeconds ?? 0)
  })

  it.each([
    ['nothing listens', 'ws://127.0.0.1:1/', 'refused'],
    ['the name is unknown', 'ws://no-such-host.invalid/', 'dns'],
  ])('is said when %s', async (_name, url, kind) => {
    const client = clientOf(url)
    const failed = client.next('connectFailed')
    client.start()
    expect((await failed).failure.kind).toBe(kind)
  })

  it('is said when the server never answers the handshake', async () => {
    const silent = (await import('node:net')).createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const client = clientOf(`ws://127.0.0.1:${port}/`, { ...QUICK, handshakeTimeoutSeconds: 0.05 })
    const failed = client.next('connectFailed')
    client.start()
    expect((await failed).failure.kind).toBe('timeout')
    client.stop()
    silent.close()
  })
})

describe('a server that talks nonsense', () => {
  it.each([
    ['no JSON', 'hello', 'not-json', /expected JSON/i],
    ['a wrong type', '{"contentId":7}', 'wrong-type', /^contentId: expected a string, received 7/],
    [
      'timelines that are none',
      '{"timelines":[{"timelineSelector":"x"}]}',
      'missing',
      /timelines\[0\]\.timelineProperties/,
    ],
    ['a list', '[]', 'not-an-object', /object/],
    ['bytes', Buffer.from([1, 2]), 'binary', /binary frame/],
  ])('causes a protocolError and changes nothing, strictly: %s', async (_name, message, reason, detail) => {
    const server = await scripted()
    const client = clientOf(server.url, { ...QUICK, strict: true })
    client.start()
    const connection = await server.connection()
    const changed = client.next('change')
    connection.send('{"protocolVersion":"1.1"}')
    await changed
    const before = client.state
    const error = client.next('protocolError')
    connection.send(message)
    const event = await error
    expect(event.reason).toBe(reason)
    expect(event.detail).toMatch(detail)
    expect(client.state).toBe(before)
    const next = client.next('change')
    connection.send('{"teUrl":"ws://t/"}')
    await next
    expect(client.state.teUrl).toBe('ws://t/')
  })

  it('is left when it sends a message beyond the limit, and tried again', async () => {
    const server = await scripted()
    const client = clientOf(server.url, { ...QUICK, maxMessageBytes: 1000 })
    client.start()
    const connection = await server.connection()
    const left = client.next('disconnected')
    connection.send(`{"contentId":"${'x'.repeat(2000)}"}`)
    expect(await left).toMatchObject({ code: 1006, reason: expect.stringContaining('payload') })
    expect(client.state).toEqual({})
    await server.connection()
  })

  it('keeps notifying all listeners even if one throws', async () => {
    const server = await scripted()
    const client = clientOf(server.url)
    const handlers = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
    client.on('change', () => {
      throw new Error('on purpose')
    })
    const told = client.next('change')
    client.start()
    ;(await server.connection()).send('{"protocolVersion":"1.1"}')
    await told
    expect(await caught).toMatchObject({ message: 'on purpose' })
    for (const handler of handlers) process.on('uncaughtException', handler)
  })
})
