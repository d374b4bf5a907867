// @ts-check
import { decodeWallClockMessage } from 'fastify-dvbcss'
import { BAD_FRAMES, BINARY, closeFrame, frame, PING } from './frames.js'
import { RawConnection } from './raw-connection.js'

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */
/** @typedef {'cii' | 'ts' | 'wc'} Endpoint */
/** @typedef {{ trial: Trial, port: number, random: Random, counts: Counts }} Context */
/** @typedef {{ connected: Record<Endpoint, number>, broken: Record<Endpoint, number>, tooLarge: Record<Endpoint, number>, requests: number }} Counts */

const ENDPOINTS = /** @type {const} */ (['cii', 'ts', 'wc'])

/** @param {string} path @param {Record<string, string | undefined>} [changes] to the headers; undefined leaves one out @param {string} [requestLine] */
function handshake(path, changes = {}, requestLine = `GET ${path} HTTP/1.1`) {
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...changes,
  }
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined)
  return `${requestLine}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** @param {Random} random */
function binaryRequest(random) {
  const request = random.bytes(32)
  request[0] = 0
  request[1] = 0
  return request
}

/** Handshakes that must be rejected, with the permitted status codes. None: closing without a response is permitted as well. */
const REFUSED = [
  {
    statuses: [400, 426],
    make: (/** @type {Random} */ random) =>
      handshake(path(random), { 'Sec-WebSocket-Version': random.pick(['12', '14', '', '13, 8', 'x'.repeat(100)]) }),
  },
  {
    statuses: [400],
    make: (/** @type {Random} */ random) => handshake(path(random), { 'Sec-WebSocket-Version': undefined }),
  },
  {
    statuses: [400],
    make: (/** @type {Random} */ random) =>
      handshake(path(random), {
        'Sec-WebSocket-Key': random.pick(['', 'short', '='.repeat(24), 'dGhlIHNhbXBsZSBub25jZQ==x', undefined]),
      }),
  },
  {
    statuses: [400, 404],
    make: (/** @type {Random} */ random) =>
      handshake(path(random), { Upgrade: random.pick(['h2c', 'websockets', 'TLS/1.0']) }),
  },
  {
    statuses: [404, 400],
    make: (/** @type {Random} */ random) =>
      handshake(random.pick(['/', '/nobody', '/cii/x', '/%00', '/cii%2f', '//cii', '/CII', '/../cii'])),
  },
  {
    statuses: [400, 404, 405],
    make: (/** @type {Random} */ random) =>
      handshake('', {}, `${random.pick(['POST', 'PUT', 'DELETE', 'OPTIONS'])} ${path(random)} HTTP/1.1`),
  },
  {
    statuses: [400, 431],
    make: (/** @type {Random} */ random) =>
      handshake(path(random), { 'X-Long': 'x'.repeat(random.int(17_000, 60_000)) }),
  },
  {
    statuses: [400],
    make: (/** @type {Random} */ random) => handshake(path(random), { 'X-Bad': random.pick(['\u0000', '\u0001\r']) }),
  },
  { statuses: [400], make: (/** @type {Random} */ random) => random.bytes(random.int(16, 400)) },
  {
    statuses: [400],
    make: (/** @type {Random} */ random) => Buffer.concat([Buffer.of(0x16, 3, 1, 2, 0, 1), random.bytes(200)]),
  },
  {
    statuses: [400],
    make: (/** @type {Random} */ random) =>
      handshake('', {}, random.pick(['GET', 'GET /cii HTTP/9.9', 'GET /c ii HTTP/1.1', 'get /cii HTTP/1.1', '\u0000'])),
  },
  {
    statuses: [426],
    make: (/** @type {Random} */ random) => `GET ${path(random)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  },
  { statuses: [400, 404, 405, 413, 415, 426], make: httpRequest },
]

/** @param {Random} random */
const path = (random) => `/${random.pick(ENDPOINTS)}${random.pick(['', '', '?a=b', '?%00'])}`

/** @param {Random} random */
function httpRequest(random) {
  const method = random.pick([
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'CONNECT',
    'BREW',
  ])
  const target = random.pick([
    '/cii',
    '/ts',
    '/wc',
    '/',
    '*',
    '/%',
    '/%ff',
    '/__proto__',
    '/cii?x=%',
    `/${'a'.repeat(random.int(1, 3000))}`,
    'http://x/cii',
    '/cii#f',
  ])
  const body = random.bytes(random.int(0, 300)).toString('latin1')
  const framing = random.pick([
    `Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n`,
    'Content-Length: -1\r\n',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 1\r\nContent-Length: 2\r\n',
    '',
  ])
  const type = random.pick([
    '',
    'Content-Type: application/json\r\n',
    'Content-Type: x\r\n',
    'Expect: 100-continue\r\n',
  ])
  return Buffer.from(
    `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${type}${framing}\r\n${body}`,
    'latin1',
  )
}

/** @param {Context} context */
async function refused({ trial, port, random }) {
  const { statuses, make } = random.pick(REFUSED)
  const bytes = Buffer.from(make(random))
  const connection = new RawConnection(port)
  connection.write(bytes)
  // The client ends incomplete requests, after which the server must close the connection as well.
  connection.end()
  const isClosed = await connection.until(() => connection.isClosed)
  const found = connection.statuses
  const isRight = isClosed && found.every((status) => statuses.includes(status) || status === 400 || status === 100)
  trial.expect(
    isRight,
    () =>
      `expected a refusal with ${statuses}, received ${found}, ${isClosed ? '' : 'not '}closed, for ${shown(bytes)}`,
  )
}

/** Disconnects during the handshake. @param {Context} context */
async function brokenOff({ port, random }) {
  const bytes = Buffer.from(handshake(path(random)))
  const connection = new RawConnection(port)
  connection.write(bytes.subarray(0, random.int(0, bytes.length - 1)))
  if (random.chance(0.5)) await connection.until(() => false, random.next() * 0.02)
  await connection.leave(random)
}

/** @param {Context} context @param {Endpoint} endpoint @param {Uint8Array} behind data in the same segment as the handshake */
async function open({ trial, port, counts }, endpoint, behind = Buffer.alloc(0)) {
  const connection = new RawConnection(port)
  connection.write(Buffer.concat([Buffer.from(handshake(`/${endpoint}`)), behind]))
  await connection.until(() => connection.received.includes('\r\n\r\n'))
  trial.expectEqual(`the answer to a good handshake at ${endpoint}`, connection.statuses, [101])
  counts.connected[endpoint] += 1
  return connection
}

/** A frame that violates the protocol, alone or after valid ones. @param {Context} context */
async function badFrame(context) {
  const { trial, random, counts } = context
  const endpoint = random.pick(ENDPOINTS)
  const { name, code, make, countedAsBroken } = random.pick(BAD_FRAMES)
  const pings = Array.from({ length: random.int(0, 3) }, () =>
    frame(random.bytes(random.int(0, 125)), { opcode: PING }),
  )
  const bytes = Buffer.concat([...pings, make(random)])
  const isPipelined = random.chance(0.5)
  const connection = await open(context, endpoint, isPipelined ? bytes : undefined)
  if (!isPipelined) connection.write(bytes)
  await connection.until(() => connection.closeCode !== undefined)
  trial.expectEqual(`the code that ${endpoint} closes with after ${name}`, connection.closeCode, code)
  if (code === 1009 && countedAsBroken !== true) counts.tooLarge[endpoint] += 1
  else counts.broken[endpoint] += 1
  // Most disconnect now. The others do not answer the close frame, and the server must disconnect them.
  if (random.chance(0.95)) connection.end()
  const isClosed = await connection.until(() => connection.isClosed)
  trial.expect(isClosed, () => `${endpoint} did not end a connection after ${name}`)
}

/** Valid requests in many frames, among pings, in arbitrary segments. Each must be answered. @param {Context} context */
async function fragmented(context) {
  const { trial, random, counts } = context
  const requests = Array.from({ length: random.int(1, 4) }, () => binaryRequest(random))
  const bytes = Buffer.concat(requests.map((request) => inFragments(random, request)))
  const isPipelined = random.chance(0.5)
  const connection = await open(context, 'wc', isPipelined ? bytes : undefined)
  if (!isPipelined) await connection.drip(bytes, random, random.chance(0.1) ? 10 : 0)
  counts.requests += requests.length
  const answers = () => connection.frames.filter(({ opcode }) => opcode === BINARY)
  await connection.until(() => answers().length === requests.length)
  const cookies = answers().map(({ payload }) => {
    return decodeWallClockMessage(payload).type === 1 ? payload.toString('hex', 8, 16) : 'no response'
  })
  trial.expectEqual(
    'the answers to fragmented requests',
    cookies,
    requests.map((request) => request.toString('hex', 8, 16)),
  )
  if (random.chance(0.7)) {
    connection.write(closeFrame(1000))
    const isClosed = await connection.until(() => connection.isClosed)
    trial.expect(
      isClosed && connection.closeCode === 1000,
      () => `wc did not answer a close, but with ${connection.closeCode}`,
    )
  } else await connection.leave(random)
}

/** @param {Random} random @param {Buffer} payload */
function inFragments(random, payload) {
  const frames = []
  for (let at = 0; at < payload.length || frames.length === 0; ) {
    const size = random.int(0, payload.length - at)
    const fin = at + size === payload.length
    const wide = random.pick([undefined, undefined, undefined, 16, 64])
    frames.push(
      frame(payload.subarray(at, at + size), {
        fin,
        opcode: frames.length === 0 ? BINARY : 0,
        wide: /** @type {16 | 64 | undefined} */ (wide),
      }),
    )
    at += size
    if (fin) break
    if (random.chance(0.3)) frames.push(frame('', { opcode: PING }))
  }
  return Buffer.concat(frames)
}

/** Random bytes instead of frames. @param {Context} context */
async function noise(context) {
  const { trial, random, counts } = context
  const endpoint = random.pick(ENDPOINTS)
  const connection = await open(context, endpoint)
  counts.broken[endpoint] += 1
  const bytes = random.bytes(random.int(2, 500))
  // Reserved bits, so that it cannot be a valid frame.
  bytes[0] = bytes.readUInt8(0) | 0x70
  connection.write(bytes)
  await connection.until(() => connection.closeCode !== undefined)
  trial.expectEqual('the code after noise', connection.closeCode, 1002)
  await connection.leave(random)
}

/** The beginning of a frame that is never completed. @param {Context} context */
async function halfFrame(context) {
  const { random } = context
  const connection = await open(context, random.pick(ENDPOINTS))
  const bytes = frame(random.bytes(random.int(1, 300)), { opcode: BINARY })
  connection.write(bytes.subarray(0, random.int(1, bytes.length - 1)))
  await connection.until(() => false, random.next() * 0.05)
  await connection.leave(random)
}

/** Two handshakes in one segment. The second is invalid data on the connection of the first. @param {Context} context */
async function pipelinedTwice(context) {
  const { trial, random, counts } = context
  const endpoint = random.pick(ENDPOINTS)
  const connection = await open(context, endpoint, Buffer.from(handshake('/wc')))
  await connection.until(() => connection.closeCode !== undefined)
  trial.expectEqual('the code after a second handshake', connection.closeCode, 1002)
  counts.broken[endpoint] += 1
  await connection.leave(random)
}

/** A handshake sent byte by byte. Most are never completed. @param {Context} context */
async function slowLoris(context) {
  const { trial, port, random, counts } = context
  const connection = new RawConnection(port)
  if (random.chance(0.4)) {
    await connection.drip(Buffer.from(handshake('/wc')), random, 2)
    await connection.until(() => connection.received.includes('\r\n\r\n'))
    trial.expectEqual('the answer to a handshake in small pieces', connection.statuses, [101])
    counts.connected.wc += 1
    await connection.leave(random)
    return
  }
  connection.write('GET /wc HTTP/1.1\r\nHost: x\r\n')
  for (let line = 0; line < 200 && !connection.isClosed; line++) {
    connection.write(`X-${line}: y\r\n`)
    await connection.until(() => connection.isClosed, 0.1)
  }
  const isRight = connection.isClosed && connection.statuses.every((status) => status === 408)
  trial.expect(isRight, () => `expected the end of a handshake that takes for ever, received ${connection.statuses}`)
}

/** @param {Buffer} bytes */
const shown = (bytes) => JSON.stringify(bytes.toString('latin1', 0, 200))

/** The scenarios with their weights, in thousandths. @type {readonly (readonly [number, (context: Context) => Promise<void>])[]} */
export const SCENARIOS = [
  [350, refused],
  [100, brokenOff],
  [250, badFrame],
  [150, fragmented],
  [60, noise],
  [50, halfFrame],
  [30, pipelinedTwice],
  [10, slowLoris],
]
