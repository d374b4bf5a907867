import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket, { type ClientOptions } from 'ws'
import { decodeWallClockMessage } from '../../../src/messages/index.js'
import { RunningExample, stopExamplesAfterEach, WALL_CLOCK_REQUEST } from '../../helpers/running-example.js'
import { makeTestCertificate, type TestCertificate } from '../../helpers/test-certificate.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

stopExamplesAfterEach()

type TlsClientOptions = ClientOptions & { servername?: string }

/** Ends an example in good order: its companions are sent away, and nothing was wrong. */
async function expectGoodEnd(example: RunningExample, ...clients: WsClient[]) {
  const exit = example.stop()
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 })
  expect(await exit).toBe(0)
  expect(example.stderr).toBe('')
}

describe('the origin allow-list', () => {
  const start = () =>
    new RunningExample('origin-allow-list', {
      ORIGINS: 'https://companion.example http://192.0.2.2:7681',
      HOSTS: '127.0.0.1 television.local',
    })

  /** A plain GET, as of a page that the browser takes for one of the same origin. */
  async function getOnNow(url: string, host: string) {
    const { hostname, port } = new URL(url)
    const [response] = (await once(get({ hostname, port, path: '/on-now', headers: { host } }), 'response')) as [
      IncomingMessage,
    ]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) }
  }

  it('lets in native companions, which send no origin, and the pages on the list', async () => {
    const example = start()
    const url = await example.url()
    const clients: WsClient[] = []
    for (const options of [
      {},
      { origin: 'https://companion.example' },
      { origin: 'http://192.0.2.2:7681' },
      { headers: { host: 'Television.local:7681' } },
    ]) {
      const client = await WsClient.open(url, options)
      expect(await client.nextJson()).toMatchObject({ contentId: 'dvb://233a.1004.1044' })
      clients.push(client)
    }
    await expectGoodEnd(example, ...clients)
  })

  it('refuses pages of all other origins', async () => {
    const example = start()
    const url = await example.url()
    for (const origin of [
      'https://elsewhere.example',
      'http://companion.example',
      'https://companion.example:8443',
      'https://companion.example.elsewhere.example',
      'null',
      '',
    ]) {
      expect({ origin, ...(await refusal(url, { headers: { origin } })) }).toMatchObject({
        origin,
        status: 403,
        headers: { connection: 'close' },
        body: { statusCode: 403, error: 'Forbidden', message: 'This origin is not allowed.' },
      })
    }
    await expectGoodEnd(example)
  })

  it('refuses those who have come by another name', async () => {
    const example = start()
    const url = await example.url()
    const body = { statusCode: 403, error: 'Forbidden', message: 'This host name is not allowed.' }
    for (const host of [
      'elsewhere.example',
      'elsewhere.example:7681',
      'television.local.elsewhere.example',
      '127.0.0.2',
    ]) {
      expect({ host, ...(await refusal(url, { headers: { host } })) }).toMatchObject({ host, status: 403, body })
    }
    await expectGoodEnd(example)
  })

  it('keeps a page whose name was rebound from the other routes too', async () => {
    const example = start()
    const url = await example.url()
    expect(await getOnNow(url, 'television.local')).toEqual({
      status: 200,
      body: { contentId: 'dvb://233a.1004.1044' },
    })
    expect(await getOnNow(url, 'elsewhere.example')).toMatchObject({ status: 403, body: { error: 'Forbidden' } })
    await expectGoodEnd(example)
  })
})

describe('the token in the handshake', () => {
  const TOKENS = { ann: 'secret-of-ann', bob: 'secret-of-bob' }
  const start = (env = {}) =>
    new RunningExample('token-in-the-handshake', { TOKENS: JSON.stringify(TOKENS), LOG_LEVEL: 'warn', ...env })
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const offering = (protocols: string) => ({ headers: { 'sec-websocket-protocol': protocols } })

  /** What it has printed until it ends; there is nothing else that would end it. */
  async function allLines(example: RunningExample) {
    const lines: string[] = []
    const next = () => example.next().catch(() => undefined)
    for (let line = await next(); line !== undefined; line = await next()) lines.push(line)
    return lines
  }

  it('knows the users by their tokens, whichever way they bring them', async () => {
    const example = start()
    const url = await example.url()
    const inHeader = await WsClient.open(url, bearer(TOKENS.ann))
    expect(await example.next()).toBe('cii-1 is ann')
    const inQuery = await WsClient.open(`${url}?token=${TOKENS.bob}`)
    expect(await example.next()).toBe('cii-2 is bob')
    for (const client of [inHeader, inQuery]) expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
    const page = new WebSocket(url, ['bearer', TOKENS.bob])
    expect(`${await once(page, 'message')}`).toContain('{"protocolVersion":"1.1"}')
    expect(await example.next()).toBe('cii-3 is bob')
    // The token does not come back.
    expect(page.protocol).toBe('bearer')
    page.close()
    await expectGoodEnd(example, inHeader, inQuery)
  })

  it('refuses all others', async () => {
    const example = start()
    const url = await example.url()
    const others: [who: string, query: string, options: ClientOptions][] = [
      ['without a token', '', {}],
      ['with another token', '', bearer('secret-of-anna')],
      ['with the beginning of a token', '', bearer('secret-of-an')],
      ['with the name of a user', '', bearer('ann')],
      ['with another scheme', '', { headers: { authorization: `Basic ${TOKENS.ann}` } }],
      ['with another token in its query', '?token=secret', {}],
      ['with two tokens in its query', `?token=${TOKENS.ann}&token=${TOKENS.ann}`, {}],
      ['with another token as a subprotocol', '', offering('bearer, secret')],
      ['with a token as its only subprotocol', '', offering(TOKENS.ann)],
    ]
    for (const [who, query, options] of others) {
      expect({ who, ...(await refusal(`${url}${query}`, options)) }).toMatchObject({
        who,
        status: 401,
        headers: { 'www-authenticate': 'Bearer', connection: 'close' },
        body: { statusCode: 401, error: 'Unauthorized', message: 'A valid token is required.' },
      })
    }
    await expectGoodEnd(example)
  })

  it('writes no token into its log, also of those who ask for a path that is not there', async () => {
    const example = start({ LOG_LEVEL: 'info' })
    let url: string | undefined
    while (url === undefined) url = /^CSS-CII at (\S+)$/.exec(await example.next())?.[1]
    const client = await WsClient.open(`${url}?token=${TOKENS.ann}`)
    await client.nextJson()
    const answered = await refusal(new URL(`/nobody?token=${TOKENS.ann}`, url).href)
    expect(answered).toMatchObject({ status: 404, body: { error: 'Not Found' } })
    expect((await refusal(`${url}?token=secret-of-nobody`)).status).toBe(401)
    await (await WsClient.open(url, bearer(TOKENS.bob))).close()
    const lines = allLines(example)
    await expectGoodEnd(example, client)
    const log = (await lines).join('\n')
    expect(log).toContain('/cii?[redacted]')
    expect(log).toContain('/nobody?[redacted]')
    expect(log).not.toContain('secret-of')
  })

  it('does not start without tokens', async () => {
    const example = start({ TOKENS: '' })
    expect(await example.exited).toBe(1)
    expect(example.stderr).toContain('TOKENS')
  })
})

describe('the television over TLS', () => {
  const NAME = 'television.example'
  let certificate: TestCertificate
  beforeAll(async () => {
    certificate = await makeTestCertificate(NAME)
  })
  afterAll(() => certificate.remove())

  const start = (env = {}) =>
    new RunningExample('television-over-tls', { KEY: certificate.keyPath, CERT: certificate.certPath, ...env })
  /** Asks for the certificate of a name, and takes no other. */
  const trusting = (servername: string): TlsClientOptions => ({ ca: certificate.cert, servername })

  /** Connects to a URL of this television as if its name were in the DNS. */
  function openByName(url: string) {
    const { hostname, port, pathname } = new URL(url)
    return WsClient.open(`wss://127.0.0.1:${port}${pathname}`, trusting(hostname))
  }

  async function failure(url: string, options: TlsClientOptions) {
    const [error] = (await once(new WsClient(url, options).socket, 'error')) as [NodeJS.ErrnoException]
    return error.code ?? error.message
  }

  it('leads a companion by the name of its certificate to all that it has', async () => {
    const example = start()
    const url = await example.url()
    expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/cii$/)
    const { port } = new URL(url)
    const cii = await openByName(`wss://${NAME}:${port}/cii`)
    const state = await cii.nextJson()
    expect(state).toMatchObject({ tsUrl: `wss://${NAME}:${port}/ts`, wcUrl: `wss://${NAME}:${port}/wc` })

    const ts = await openByName(String(state.tsUrl))
    ts.send({ contentIdStem: String(state.contentId), timelineSelector: 'urn:dvb:css:timeline:pts' })
    const timestamp = await ts.nextJson()
    expect(timestamp).toMatchObject({ timelineSpeedMultiplier: 1 })

    const wc = await openByName(String(state.wcUrl))
    wc.send(WALL_CLOCK_REQUEST)
    const answer = decodeWallClockMessage(Buffer.from(await wc.next(), 'hex'))
    expect(answer).toMatchObject({ type: 1, originateNanos: 1_234_567_890n })
    // One clock for both: it has gone on since the timeline's timestamp was made.
    expect(answer.transmitNanos).toBeGreaterThan(BigInt(String(timestamp.wallClockTime)))
    await expectGoodEnd(example, cii, ts, wc)
  })

  it('has the same clock over UDP, for those who know no other', async () => {
    const example = start({ WC_PORT: '0' })
    const { port } = new URL(await example.url())
    const cii = await openByName(`wss://${NAME}:${port}/cii`)
    const { wcUrl, private: extras } = await cii.nextJson()
    expect(extras).toEqual([expect.objectContaining({ wcUrl: `wss://${NAME}:${port}/wc` })])
    const udp = new URL(String(wcUrl))
    expect(udp.protocol).toBe('udp:')
    const wc = await openByName(`wss://${NAME}:${port}/wc`)
    const client = await UdpClient.open({ address: udp.hostname, port: Number(udp.port) })
    const transmitTimes: bigint[] = []
    for (let i = 0; i < 2; i += 1) {
      transmitTimes.push(decodeWallClockMessage(await client.request(WALL_CLOCK_REQUEST)).transmitNanos)
      wc.send(WALL_CLOCK_REQUEST)
      transmitTimes.push(decodeWallClockMessage(Buffer.from(await wc.next(), 'hex')).transmitNanos)
    }
    await client.close()
    expect(transmitTimes).toEqual([...transmitTimes].sort((a, b) => (a < b ? -1 : 1)))
    await expectGoodEnd(example, cii, wc)
  })

  it('is not taken for another by who asks for a certificate, and not talked to in the clear', async () => {
    const example = start()
    const url = await example.url()
    expect(await failure(url, { ca: certificate.cert })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await failure(url, trusting('elsewhere.example'))).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await failure(url, { servername: NAME })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(await failure(url.replace('wss:', 'ws:'), {})).toBe('ECONNRESET')
    await expectGoodEnd(example)
  })

  it('does not start without a certificate', async () => {
    const example = new RunningExample('television-over-tls', { KEY: '', CERT: '' })
    expect(await example.exited).toBe(1)
    expect(example.stderr).toContain('KEY and CERT')
  })
})
