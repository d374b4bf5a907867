import { describe, expect, it } from 'vitest'
import { CorrelatedClock, SystemClock } from '../../../src/clocks/index.js'
import * as standard from '../../../src/companion/connections/index.js'
import { Companion as StandardCompanion } from '../../../src/companion/index.js'
import { MediaFollower } from '../../../src/companion/media/index.js'
import * as node from '../../../src/companion/node/index.js'
import {
  measureCandidate,
  WallClockClient as StandardWallClockClient,
  WebSocketWallClockTransport as StandardWebSocketWallClockTransport,
} from '../../../src/companion/wall-clock/index.js'
import { DvbcssError, displayUrl, isWebSocketUrl, parseUdpUrl } from '../../../src/validation/index.js'

const URL_ERROR = 'DVBCSS_ERR_INVALID_URL'
const OPTION_ERROR = 'DVBCSS_ERR_INVALID_OPTION'
const UNKNOWN_ERROR = 'DVBCSS_ERR_UNKNOWN_OPTION'
const CONFLICT_ERROR = 'DVBCSS_ERR_CONFLICTING_OPTION'
const WS = 'ws://192.0.2.1:7681/'
const wallClock = new SystemClock()
const setup = { contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' }

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

const CLIENTS = {
  'in a browser': {
    ...standard,
    Companion: StandardCompanion,
    WallClockClient: StandardWallClockClient,
    WebSocketWallClockTransport: StandardWebSocketWallClockTransport,
  },
  'in Node': node,
}

describe.each(Object.entries(CLIENTS))('a client %s', (_where, clients) => {
  const { CiiClient, Companion, TsClient, TsClientConnection, WallClockClient, WebSocketWallClockTransport } = clients
  const makers = {
    companion: (url: unknown, options?: unknown) => new Companion(url as string, options as object),
    cii: (url: unknown, options?: unknown) => new CiiClient(url as string, options as object),
    ts: (url: unknown, options: object = {}) =>
      new TsClient(url as string, { ...setup, wallClock, tickRate: 90_000, ...options } as never),
    connection: (url: unknown, options: object = {}) =>
      new TsClientConnection(url as string, { ...setup, ...options } as never),
    wallClock: (transport: unknown, options: object = {}) => new WallClockClient({ transport, ...options } as never),
    transport: (url: unknown, options?: unknown) => new WebSocketWallClockTransport(url as string, options as object),
  }
  const names = Object.keys(makers) as (keyof typeof makers)[]

  it.each(names)('rejects an invalid URL at construction: %s', (name) => {
    for (const url of ['192.168.1.20:7681', 'http://192.168.1.20/', 'ws://', 'ws:/x', 'wss://x/#fragment', '']) {
      const error = errorOf(() => makers[name](url))
      expect(error, url).toBeInstanceOf(DvbcssError)
      expect(error, url).toMatchObject({ code: URL_ERROR })
    }
    const error = errorOf(() => makers[name](undefined))
    expect(error).toMatchObject({ code: name === 'wallClock' ? OPTION_ERROR : URL_ERROR })
    expect(String(error)).toContain('received undefined')
  })

  it('names the argument, and shows neither passwords nor queries', () => {
    expect(() => makers.companion(undefined)).toThrow('"ciiUrl" must be a ws:// or wss:// URL; received undefined')
    expect(() => makers.companion('192.168.1.20:7681')).toThrow(
      '"ciiUrl" must be a ws:// or wss:// URL; received "192.168.1.20:7681"',
    )
    expect(() => makers.cii('http://me:secret@tv/cii?token=secret')).toThrow('received http://tv/cii?…')
  })

  it.each([
    ['companion', { timelineselector: 'urn:x' }, UNKNOWN_ERROR, 'timelineselector'],
    ['companion', { cii: { handshakeTimeoutSeconds: '10s' } }, OPTION_ERROR, 'cii.handshakeTimeoutSeconds'],
    ['companion', { cii: { backoff: { maxSecond: 1 } } }, UNKNOWN_ERROR, 'cii.backoff.maxSecond'],
    ['companion', { ts: { maxMessageBytes: -1 } }, OPTION_ERROR, 'ts.maxMessageBytes'],
    ['companion', { ts: { contentIdStem: '' } }, UNKNOWN_ERROR, 'ts.contentIdStem'],
    ['companion', { wallClock: { encoding: 'xml' } }, OPTION_ERROR, 'wallClock.encoding'],
    ['companion', { wallClock: { slew: { maxRatePpm: 0 } } }, OPTION_ERROR, 'wallClock.slew.maxRatePpm'],
    ['companion', { wallClock: { minRequestIntervalSeconds: 2 } }, OPTION_ERROR, 'wallClock.minRequestIntervalSeconds'],
    ['companion', { preferWebSocketWallClock: 1 }, OPTION_ERROR, 'preferWebSocketWallClock'],
    ['companion', { tickRate: 5 }, CONFLICT_ERROR, 'tickRate'],
    ['companion', null, OPTION_ERROR, 'options'],
    ['companion', 'fast', OPTION_ERROR, 'options'],
    ['cii', { handshakeTimeoutSeconds: '10s' }, OPTION_ERROR, 'handshakeTimeoutSeconds'],
    ['cii', { maxMessageBytes: -1 }, OPTION_ERROR, 'maxMessageBytes'],
    ['cii', { headers: { authorization: 7 } }, OPTION_ERROR, 'headers'],
    ['cii', { headers: { authorization: 'a\r\nb: c' } }, OPTION_ERROR, 'headers'],
    ['cii', { openSocket: 7 }, OPTION_ERROR, 'openSocket'],
    ['cii', { maxMessageByte: 7 }, UNKNOWN_ERROR, 'maxMessageByte'],
    ['ts', { timelineSelector: '' }, OPTION_ERROR, 'timelineSelector'],
    ['ts', { contentIdStem: undefined }, OPTION_ERROR, 'contentIdStem'],
    ['ts', { tickRate: undefined }, OPTION_ERROR, 'tickRate'],
    ['ts', { wallClock: undefined }, OPTION_ERROR, 'wallClock'],
    ['ts', { clock: new CorrelatedClock(wallClock) }, CONFLICT_ERROR, 'clock'],
    ['ts', { holdSecond: 1 }, UNKNOWN_ERROR, 'holdSecond'],
    ['connection', { holdSeconds: 1 }, UNKNOWN_ERROR, 'holdSeconds'],
    ['wallClock', { timelineSelector: 'urn:x' }, UNKNOWN_ERROR, 'timelineSelector'],
    ['wallClock', { platform: { openSocket: 1 } }, OPTION_ERROR, 'platform.openSocket'],
    ['transport', { encoding: 'xml' }, OPTION_ERROR, 'encoding'],
  ] as const)('refuses wrong options of %s at construction: %o', (name, options, code, option) => {
    const error = errorOf(() => makers[name](WS, options as never))
    expect(error).toBeInstanceOf(DvbcssError)
    expect(error).toMatchObject({ code, option })
  })

  it('accepts any URL with an openSocket of the app', () => {
    const openSocket = () => ({ send: () => {}, close: () => {} })
    for (const name of ['cii', 'ts', 'connection', 'transport'] as const) {
      expect(() => makers[name]('port:cii', { openSocket })).not.toThrow()
    }
    expect(() => makers.companion('port:cii', { cii: { openSocket } })).not.toThrow()
  })
})

describe('UDP', () => {
  it('is rejected at construction where it is unavailable', () => {
    const expected = { code: 'DVBCSS_ERR_NO_UDP' }
    const wallClockUrl = 'udp://192.0.2.1:6677'
    expect(errorOf(() => new StandardWallClockClient({ transport: wallClockUrl }))).toMatchObject(expected)
    expect(errorOf(() => new StandardCompanion(WS, { wallClockUrl }))).toMatchObject(expected)
    expect(() => new node.Companion(WS, { wallClockUrl })).not.toThrow()
  })

  it('can be provided by the app', () => {
    const made: string[] = []
    const transport = { url: 'x', isJson: false, start: () => {}, send: () => {}, stop: () => {} }
    const createUdpTransport = (url: string) => {
      made.push(url)
      return transport
    }
    const client = new StandardWallClockClient({ transport: 'udp://192.0.2.1:1', platform: { createUdpTransport } })
    expect(made).toEqual(['udp://192.0.2.1:1'])
    expect(client.url).toBe('x')
  })
})

describe('setters', () => {
  it('check values like the options', () => {
    const client = new standard.TsClient(WS, { ...setup, wallClock, tickRate: 1 })
    expect(() => {
      client.latestClock = 7 as never
    }).toThrow('"latestClock" must be a Clock; received 7')
    const media = { play: () => Promise.resolve(), pause: () => {} } as never
    const follower = new MediaFollower(media, wallClock)
    expect(() => {
      follower.correlation = { contentSeconds: 1 } as never
    }).toThrow('"correlation.mediaSeconds" must be a number of seconds; received undefined')
    expect(() => new MediaFollower(media, wallClock, { tolerance: 1 } as never)).toThrow('unknown option "tolerance"')
  })
})

describe('functions of the client', () => {
  it.each([
    [() => standard.overMessagePort(7 as never), '"connect" must be a function; received 7'],
    [() => new standard.TimelineUnwrapper(0), '"rangeTicks" must be a number of ticks above 0; received 0'],
    [
      () => standard.presentationTimestampsOf({ wallClock } as never),
      '"clocks.actual" must be a Clock; received undefined',
    ],
    [
      () => standard.presentationTimestampsOf({ wallClock, actual: wallClock }, { includeactual: true } as never),
      'unknown option "includeactual"; did you mean "includeActual"?',
    ],
    [
      () => measureCandidate({} as never, wallClock, { maxDispersionSeconds: -1 }),
      '"maxDispersionSeconds" must be a number of seconds above 0 or Infinity; received -1',
    ],
  ])('check their arguments: %#', (call, message) => {
    expect(call).toThrow(message)
  })
})

describe('URLs', () => {
  it.each([
    ['udp://192.0.2.1:6677', { host: '192.0.2.1', port: 6677 }],
    ['UDP://tv.local:1/', { host: 'tv.local', port: 1 }],
    ['udp://[2001:db8::1]:6677', { host: '2001:db8::1', port: 6677 }],
    ['udp://[fe80::1%eth0]:6677', { host: 'fe80::1%eth0', port: 6677 }],
    ['udp://tv', undefined],
    ['udp://tv:0', undefined],
    ['udp://tv:65536', undefined],
    ['udp://tv:1/path', undefined],
    ['udp://user@tv:1', undefined],
    ['udp://[tv]:1', undefined],
    ['udp://a b:1', undefined],
    [7, undefined],
  ])('of UDP: %s', (text, address) => {
    expect(parseUdpUrl(text)).toEqual(address)
  })

  it('of WebSockets require a host, and have no fragment', () => {
    expect(['ws://tv', 'WSS://tv:1/x?y'].every(isWebSocketUrl)).toBe(true)
    expect(['ws:tv', 'ws://', 'ws://tv:99999/', 'http://tv', 'ws://tv/#x', undefined].some(isWebSocketUrl)).toBe(false)
    expect(displayUrl('wss://me:secret@tv:1/x?y')).toBe('wss://tv:1/x?…')
  })
})
