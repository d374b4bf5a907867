import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A time of day in nanoseconds, which no double holds exactly. */
const EPOCH_NANOS = 1_700_000_000_000_000_000n
const PTS = 'urn:dvb:css:timeline:pts'
const START_TICKS = 900_000n

/** Where the servers of a television are. */
export interface Places {
  readonly port: number
  readonly udpPort: number
}

/** What a television sends that is not as the specification wants. */
export interface Oddity {
  /** The only CII message, or several. Default: a valid one. */
  cii?(valid: Record<string, unknown>, places: Places): readonly (string | Buffer)[]
  /** A control timestamp from its two times. Default: a valid one. */
  ts?(contentTime: bigint, wallClockTime: bigint): string | Buffer
  /** An answer of the wall clock from a valid one. Default: the same. */
  wc?(valid: Buffer): Buffer
  /** Answers of the wall clock over a WebSocket, from the JSON of a valid one. */
  json?(valid: Record<string, unknown>): string | Buffer
  /** Whether CII lists the timelines only after a companion has asked for one. */
  listsWhenAsked?: boolean
}

/** A television made by a table: real sockets, and a position that the test can compute. */
export class OddTelevision {
  readonly #oddity: Oddity
  readonly #http: Server = createServer()
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #udp: Socket = createSocket('udp4')
  readonly #startNanos = OddTelevision.nanos()
  #cii: WebSocket | undefined

  private constructor(oddity: Oddity) {
    this.#oddity = oddity
  }

  static async start(oddity: Oddity): Promise<OddTelevision> {
    const television = new OddTelevision(oddity)
    television.#udp.bind(0, '127.0.0.1').on('message', (request, { port, address }) => {
      const answer = television.#answer(request)
      television.#udp.send(oddity.wc?.(answer) ?? answer, port, address)
    })
    television.#http.on('upgrade', (request, socket, head) => {
      television.#sockets.handleUpgrade(request, socket, head, (connection) => {
        if (request.url === '/cii') television.#serveCii(connection)
        else if (request.url === '/ts') television.#serveTs(connection)
        else television.#serveWallClock(connection)
      })
    })
    television.#http.listen(0, '127.0.0.1')
    await Promise.all([once(television.#http, 'listening'), once(television.#udp, 'listening')])
    return television
  }

  get ciiUrl(): string {
    return `ws://127.0.0.1:${this.#places.port}/cii`
  }

  /** The wall clock of the television: the monotonic clock of this machine, which other processes can read too. */
  static nanos(): bigint {
    return process.hrtime.bigint() + EPOCH_NANOS
  }

  /** The position at a time of the wall clock, in seconds. */
  secondsAt(nanos: bigint): number {
    return Number(START_TICKS) / 90_000 + Number(nanos - this.#startNanos) / 1e9
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    this.#udp.close()
    this.#http.close()
    await once(this.#http, 'close')
  }

  get #places(): Places {
    return { port: (this.#http.address() as AddressInfo).port, udpPort: this.#udp.address().port }
  }

  #serveCii(connection: WebSocket): void {
    const { port, udpPort } = this.#places
    this.#cii = connection
    const timelines = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]
    const valid = {
      protocolVersion: '1.1',
      contentId: 'dvb://233a.1004.1044',
      contentIdStatus: 'final',
      presentationStatus: 'okay',
      wcUrl: this.#oddity.json === undefined ? `udp://127.0.0.1:${udpPort}` : `ws://127.0.0.1:${port}/wc`,
      tsUrl: `ws://127.0.0.1:${port}/ts`,
      timelines: this.#oddity.listsWhenAsked === true ? [] : timelines,
    }
    for (const message of this.#oddity.cii?.(valid, this.#places) ?? [JSON.stringify(valid)]) connection.send(message)
  }

  #serveTs(connection: WebSocket): void {
    connection.once('message', (data) => {
      const { timelineSelector } = JSON.parse(String(data))
      if (timelineSelector !== PTS) return
      if (this.#oddity.listsWhenAsked === true) {
        const timelineProperties = { unitsPerTick: 1, unitsPerSecond: 90_000 }
        this.#cii?.send(JSON.stringify({ timelines: [{ timelineSelector, timelineProperties }] }))
      }
      const valid = `{"contentTime":"${START_TICKS}","wallClockTime":"${this.#startNanos}","timelineSpeedMultiplier":1}`
      connection.send(this.#oddity.ts?.(START_TICKS, this.#startNanos) ?? valid)
    })
  }

  #serveWallClock(connection: WebSocket): void {
    connection.on('message', (data, isBinary) => {
      if (isBinary) return
      const { otvs, otvn } = JSON.parse(String(data))
      const now = Number(OddTelevision.nanos()) / 1e9
      connection.send(this.#oddity.json?.({ v: 0, t: 1, p: 0.0001, mfe: 50, otvs, otvn, rt: now, tt: now }) ?? '')
    })
  }

  #answer(request: Buffer): Buffer {
    const answer = Buffer.from(request)
    answer.writeUInt8(1, 1)
    answer.writeInt8(-16, 2)
    answer.writeUInt32BE(50 * 256, 4)
    const now = OddTelevision.nanos()
    for (const at of [16, 24]) {
      answer.writeUInt32BE(Number(now / 1_000_000_000n), at)
      answer.writeUInt32BE(Number(now % 1_000_000_000n), at + 4)
    }
    return answer
  }
}

const json = (message: object): [string] => [JSON.stringify(message)]
const altered =
  (alter: (bytes: Buffer) => void) =>
  (valid: Buffer): Buffer => {
    alter(valid)
    return valid
  }

/** Televisions as they are, each with the kinds that a companion forgives it, by protocol. */
export const ODD_TELEVISIONS: readonly [name: string, oddity: Oddity, forgiven: Record<string, string[]>][] = [
  ['a valid one', {}, {}],
  [
    'presentationStatus as a list, and times as numbers',
    {
      cii: (valid) => json({ ...valid, presentationStatus: ['okay'] }),
      ts: (content, wallClock) => `{"contentTime":${content},"wallClockTime":${wallClock},"timelineSpeedMultiplier":1}`,
    },
    { cii: ['list-for-string'], ts: ['inexact-number', 'number-for-string'] },
  ],
  [
    'times as numbers that were rounded to doubles',
    {
      ts: (content, wallClock) =>
        JSON.stringify({ contentTime: Number(content), wallClockTime: Number(wallClock), timelineSpeedMultiplier: 1 }),
    },
    { ts: ['inexact-number', 'number-for-string'] },
  ],
  [
    'times with an exponent and a fraction',
    {
      ts: (content, wallClock) =>
        `{"contentTime":${content}.25,"wallClockTime":${`${wallClock}`.replace(/^(\d)(.*)$/, '$1.$2e18')},"timelineSpeedMultiplier":1}`,
    },
    { ts: ['fraction', 'inexact-number', 'number-for-string'] },
  ],
  [
    'a speed in a string, and times with leading zeros',
    {
      ts: (content, wallClock) =>
        `{"contentTime":"0${content}","wallClockTime":" +${wallClock}","timelineSpeedMultiplier":"1.0"}`,
    },
    { ts: ['number-form', 'string-for-number', 'white-space'] },
  ],
  [
    'CII without protocolVersion, and a contentIdStatus of its own',
    { cii: ({ protocolVersion: _version, ...valid }) => json({ ...valid, contentIdStatus: 'stable' }) },
    { cii: ['missing', 'unknown-word'] },
  ],
  [
    'one odd property of each kind',
    {
      cii: (valid) =>
        json({
          ...valid,
          mrsUrl: 7,
          teUrl: '',
          private: { a: 1 },
          presentationStatus: ' OKAY  urn:x ',
          contentIdStatus: 'FINAL',
        }),
    },
    { cii: ['empty-string', 'invalid-property', 'object-for-list', 'value-case', 'white-space'] },
  ],
  [
    'timelines with numbers in strings, accuracy null, and broken neighbours',
    {
      cii: (valid) =>
        json({
          ...valid,
          timelines: [
            { timelineSelector: 'urn:x' },
            7,
            {
              timelineSelector: PTS,
              timelineProperties: { unitsPerTick: '1', unitsPerSecond: '90000', accuracy: null },
              private: null,
            },
          ],
        }),
    },
    { cii: ['invalid-property', 'string-for-number', 'unexpected-null'] },
  ],
  [
    'a timeline without its tick rate, which the selector defines',
    { cii: (valid) => json({ ...valid, timelines: { timelineSelector: PTS } }) },
    { cii: ['missing', 'object-for-list'] },
  ],
  [
    'names in other case',
    {
      cii: ({ wcUrl, tsUrl, ...valid }) => json({ ...valid, wcURL: wcUrl, tsURL: tsUrl }),
      ts: (content, wallClock) =>
        `{"ContentTime":"${content}","WallClockTime":"${wallClock}","TimelineSpeedMultiplier":1}`,
    },
    { cii: ['name-case'], ts: ['name-case'] },
  ],
  [
    'binary frames with a byte order mark and a final NUL',
    {
      cii: (valid) => [Buffer.from(`\ufeff${JSON.stringify(valid)}\0`)],
      ts: (content, wallClock) =>
        Buffer.from(`{"contentTime":"${content}","wallClockTime":"${wallClock}","timelineSpeedMultiplier":1}\n\0`),
    },
    { cii: ['binary-frame', 'byte-order-mark', 'trailing-bytes'], ts: ['binary-frame', 'trailing-bytes'] },
  ],
  [
    'pairingcompleted before the first CII message',
    { cii: (valid) => ['pairingcompleted', JSON.stringify(valid)] },
    { cii: ['pairing-completed'] },
  ],
  [
    'URLs that are relative, without a host, and with http:',
    { cii: (valid, { udpPort }) => json({ ...valid, tsUrl: '/ts', wcUrl: ` udp://0.0.0.0:${udpPort}` }) },
    { cii: ['relative-url', 'unspecified-host', 'white-space'] },
  ],
  ['a timeline that is listed only after it was asked for', { listsWhenAsked: true }, {}],
  [
    'a wall clock with a version, reserved bytes, a byte too many and no precision',
    {
      wc: (valid) =>
        Buffer.concat([
          altered((bytes) => {
            bytes[0] = 1
            bytes[2] = 0
            bytes[3] = 7
          })(valid),
          Buffer.alloc(1),
        ]),
    },
    { wc: ['precision-zero', 'reserved-byte', 'trailing-bytes', 'wrong-version'] },
  ],
  [
    'a wall clock that leaves the type of the request',
    { wc: altered((bytes) => bytes.writeUInt8(0, 1)) },
    { wc: ['request-type'] },
  ],
  [
    'a wall clock in JSON with numbers in strings, in binary frames',
    {
      json: ({ v: _version, ...valid }) =>
        Buffer.from(
          JSON.stringify(Object.fromEntries(Object.entries(valid).map(([name, value]) => [name, `${value}`]))),
        ),
    },
    { wc: ['binary-frame', 'missing', 'string-for-number'] },
  ],
]
