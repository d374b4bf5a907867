import { describe, expect, it } from 'vitest'
import { findTimelines, findWallClock, type HostRule } from '../../../src/companion/companion-addresses.js'
import { wallClockWebSocketLocation } from '../../../src/messages/index.js'

const CII_URL = 'ws://192.0.2.7:7681/cii'
const from = (url: string, remoteAddress?: string): HostRule => ({
  strict: true,
  allowedHosts: 'any',
  origin: { url, remoteAddress },
})
const leniently = (url: string, remoteAddress?: string): HostRule => ({ ...from(url, remoteAddress), strict: false })
const UDP = { hasUdp: true, preferWebSocket: false }
const NO_UDP = { hasUdp: false, preferWebSocket: false }
const PREFER_WS = { hasUdp: true, preferWebSocket: true }
const both = { wcUrl: 'udp://192.0.2.7:6677', private: [wallClockWebSocketLocation('ws://192.0.2.7/wc')] }

describe('the wall clock is found', () => {
  it.each([
    ['over UDP where there is UDP', both, UDP, 'udp://192.0.2.7:6677'],
    ['over a WebSocket where there is none', both, NO_UDP, 'ws://192.0.2.7/wc'],
    ['over a WebSocket where that is preferred', both, PREFER_WS, 'ws://192.0.2.7/wc'],
    ['over UDP where a WebSocket is preferred but not offered', { wcUrl: 'udp://a:1' }, PREFER_WS, 'udp://a:1'],
    ['over a WebSocket that wcUrl itself names', { wcUrl: 'wss://a/wc' }, UDP, 'wss://a/wc'],
    ['at an IPv6 address', { wcUrl: 'udp://[2001:db8::1]:6677' }, UDP, 'udp://[2001:db8::1]:6677'],
  ])('%s', (_name, cii, wishes, url) => {
    expect(findWallClock(cii, from(CII_URL), wishes)).toEqual({ url, problems: [] })
  })

  it.each([
    [{}, UDP, 'no-wall-clock', 0],
    [{ wcUrl: null }, UDP, 'no-wall-clock', 0],
    [{ wcUrl: 'udp://192.0.2.7:6677' }, NO_UDP, 'no-udp', 0],
    [{ wcUrl: 'http://192.0.2.7/' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: 'udp://192.0.2.7' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: 'udp://192.0.2.7:65536' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: 'udp://192.0.2.7:0' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: 'udp://a:1/../../etc' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: 'ws://' }, UDP, 'no-wall-clock', 1],
    [{ wcUrl: '' }, UDP, 'no-wall-clock', 1],
  ])('not in %j', (cii, wishes, missing, problems) => {
    const found = findWallClock(cii, from(CII_URL), wishes)
    expect(found).toMatchObject({ missing, detail: expect.any(String) })
    expect(found.problems).toHaveLength(problems)
  })

  it('over a WebSocket beside an invalid wcUrl, which is reported', () => {
    const found = findWallClock({ ...both, wcUrl: 'tcp://x' }, from(CII_URL), UDP)
    expect(found).toMatchObject({ url: 'ws://192.0.2.7/wc', problems: [{ reason: 'bad-url' }] })
  })
})

describe('an unspecified host', () => {
  it.each([
    ['udp://0.0.0.0:6677', CII_URL, 'udp://192.0.2.7:6677'],
    ['udp://[::]:6677', CII_URL, 'udp://192.0.2.7:6677'],
    ['udp://[::ffff:0.0.0.0]:6677', CII_URL, 'udp://192.0.2.7:6677'],
    ['udp://*:6677', CII_URL, 'udp://192.0.2.7:6677'],
    ['udp://:6677', CII_URL, 'udp://192.0.2.7:6677'],
    ['udp://0.0.0.0:6677', 'ws://[2001:db8::7]:7681/cii', 'udp://[2001:db8::7]:6677'],
    ['ws://0.0.0.0:7681/wc?x=1', CII_URL, 'ws://192.0.2.7:7681/wc?x=1'],
  ])('%s is replaced by that of %s', (wcUrl, ciiUrl, url) => {
    expect(findWallClock({ wcUrl }, from(ciiUrl), UDP)).toEqual({
      url,
      problems: [{ reason: 'unspecified-host', detail: expect.stringContaining(wcUrl) }],
    })
  })

  it('is not confused with similar hosts', () => {
    for (const host of ['10.0.0.0', '0.0.0.1', '[::1]', 'tv', '127.0.0.1', '[fe80::]', '[::ffff:10.0.0.0]']) {
      expect(findWallClock({ wcUrl: `udp://${host}:6677` }, from(CII_URL), UDP).url).toBe(`udp://${host}:6677`)
    }
  })

  it('is replaced in tsUrl too', () => {
    expect(findTimelines({ tsUrl: 'ws://0.0.0.0:7681/ts' }, from(CII_URL))).toMatchObject({
      url: 'ws://192.0.2.7:7681/ts',
    })
  })
})

describe('a deviating address', () => {
  it.each([
    ['/ts', CII_URL, 'ws://192.0.2.7:7681/ts', 'relative-url'],
    ['./ts?a=1', 'wss://tv/x/cii', 'wss://tv/x/ts?a=1', 'relative-url'],
    ['http://192.0.2.7:7681/ts', CII_URL, 'ws://192.0.2.7:7681/ts', 'http-url'],
    ['HTTPS://tv/ts', CII_URL, 'wss://tv/ts', 'http-url'],
    ['ws://127.0.0.1:7681/ts', CII_URL, 'ws://192.0.2.7:7681/ts', 'loopback-host'],
    ['ws://localhost:7681/ts', CII_URL, 'ws://192.0.2.7:7681/ts', 'loopback-host'],
    ['ws://[::1]:7681/ts', CII_URL, 'ws://192.0.2.7:7681/ts', 'loopback-host'],
  ])('tsUrl %s from %s is read as %s, unless strictly', (tsUrl, ciiUrl, url, reason) => {
    expect(findTimelines({ tsUrl }, leniently(ciiUrl))).toEqual({
      url,
      problems: [{ reason, detail: expect.stringContaining(tsUrl) }],
    })
    expect(findTimelines({ tsUrl }, from(ciiUrl)).url).not.toBe(url)
  })

  it('is completed in wcUrl too', () => {
    expect(findWallClock({ wcUrl: 'udp://127.0.0.1:6677' }, leniently(CII_URL), UDP)).toMatchObject({
      url: 'udp://192.0.2.7:6677',
      problems: [{ reason: 'loopback-host' }],
    })
    expect(findWallClock({ wcUrl: '/wc' }, leniently(CII_URL), UDP)).toMatchObject({
      url: 'ws://192.0.2.7:7681/wc',
      problems: [{ reason: 'relative-url' }],
    })
  })

  it('is used unchanged on the same machine, and rejected if it is ambiguous', () => {
    const tsUrl = 'ws://127.0.0.1:7681/ts'
    expect(findTimelines({ tsUrl }, leniently('ws://localhost:1/cii'))).toEqual({ url: tsUrl, problems: [] })
    expect(findTimelines({ tsUrl }, leniently('ws://tv.test:1/cii', '127.0.0.1'))).toEqual({ url: tsUrl, problems: [] })
    const named = 'ws://127.tv.test:7681/ts'
    expect(findTimelines({ tsUrl: named }, leniently(CII_URL))).toEqual({ url: named, problems: [] })
    for (const url of ['tv:7681/ts', 'ts', '//', 'mailto:x']) {
      expect(findTimelines({ tsUrl: url }, leniently(CII_URL))).toMatchObject({ missing: 'no-ts' })
    }
  })

  it('must have a permitted host after completion', () => {
    const rule: HostRule = { ...leniently(CII_URL), allowedHosts: 'same-host' }
    expect(findTimelines({ tsUrl: 'http://evil.test/ts' }, rule)).toMatchObject({
      problems: [{ reason: 'refused-host' }],
    })
  })
})

describe('the timelines are found', () => {
  it.each([
    [{ tsUrl: 'ws://a/ts' }, 'ws://a/ts', 0],
    [{ tsUrl: 'wss://a/ts' }, 'wss://a/ts', 0],
    [{}, undefined, 0],
    [{ tsUrl: null }, undefined, 0],
    [{ tsUrl: 'http://a/ts' }, undefined, 1],
    [{ tsUrl: 'javascript:alert(1)' }, undefined, 1],
    [{ tsUrl: 'ws:' }, undefined, 1],
  ])('in %j', (cii, url, problems) => {
    const found = findTimelines(cii, from(CII_URL))
    expect(found.url).toBe(url)
    expect(found.problems).toHaveLength(problems)
  })
})
