import { InvalidArgumentError } from 'commander'
import { describe, expect, it } from 'vitest'
import {
  parseCiiAddress,
  parseCiiOrUdpAddress,
  parseLocalPort,
  parsePort,
  parseSeconds,
  parseTickRate,
  parseTsAddress,
  parseUdpAddress,
  parseWallClockAddress,
} from '../../../../src/cli/commands/arguments.js'

describe('the address of an endpoint', () => {
  it.each([
    ['tv.local', 'tv.local'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '[2001:db8::1]'],
    ['[2001:db8::1]', '[2001:db8::1]'],
  ])('%s has the default port and path of dvbcss tv', (text, host) => {
    expect(parseCiiAddress(text)).toBe(`ws://${host}:7681/cii`)
    expect(parseCiiOrUdpAddress(text)).toBe(`ws://${host}:7681/cii`)
    expect(parseTsAddress(text)).toBe(`ws://${host}:7681/ts`)
    expect(parseWallClockAddress(text)).toBe(`udp://${host}:6677`)
    expect(parseUdpAddress(text)).toBe(`udp://${host}:6677`)
  })

  it.each([
    ['tv.local:9', 'tv.local:9'],
    ['192.0.2.1:9', '192.0.2.1:9'],
    ['[2001:db8::1]:9', '[2001:db8::1]:9'],
  ])('%s keeps its port', (text, authority) => {
    expect(parseCiiAddress(text)).toBe(`ws://${authority}/cii`)
    expect(parseTsAddress(text)).toBe(`ws://${authority}/ts`)
    expect(parseWallClockAddress(text)).toBe(`udp://${authority}`)
    expect(parseUdpAddress(text)).toBe(`udp://${authority}`)
  })

  it.each(['ws://tv:1/x', 'wss://tv/cii?token=1', 'WS://TV/'])('%s is used as it is', (url) => {
    for (const parse of [parseCiiAddress, parseCiiOrUdpAddress, parseTsAddress, parseWallClockAddress]) {
      expect(parse(url)).toBe(url)
    }
    expect(() => parseUdpAddress(url)).toThrow(InvalidArgumentError)
  })

  it('may be udp:// for a wall clock', () => {
    for (const parse of [parseCiiOrUdpAddress, parseWallClockAddress, parseUdpAddress]) {
      expect(parse('udp://tv:9')).toBe('udp://tv:9')
    }
    for (const parse of [parseCiiAddress, parseTsAddress])
      expect(() => parse('udp://tv:9')).toThrow(InvalidArgumentError)
  })

  it.each([
    '',
    ':',
    'tv:0',
    'tv:65536',
    'tv:x',
    'a b',
    'http://tv',
    'ftp://tv/',
    'tv/cii',
    'ws://',
    'ws://tv/#x',
    '[::1',
  ])('%j is refused by every parser', (text) => {
    for (const parse of [
      parseCiiAddress,
      parseCiiOrUdpAddress,
      parseTsAddress,
      parseWallClockAddress,
      parseUdpAddress,
    ]) {
      expect(() => parse(text)).toThrow(InvalidArgumentError)
    }
  })
})

describe('other arguments', () => {
  it('accept what they state, and nothing else', () => {
    expect(parseLocalPort('0')).toBe(0)
    expect(() => parsePort('0')).toThrow(/1 to 65535/)
    for (const text of ['65536', '-1', 'x', '1.5', '']) expect(() => parseLocalPort(text)).toThrow(/0 to 65535/)
    expect(parseSeconds('.5')).toBe(0.5)
    for (const text of ['0', '-1', '1e3', '', 'Infinity']) expect(() => parseSeconds(text)).toThrow(/number of seconds/)
    expect(parseTickRate('30000/1001')).toBeCloseTo(29.97, 3)
    for (const text of ['0', '1/0', '-5', 'x', '']) expect(() => parseTickRate(text)).toThrow(/ticks per second/)
  })
})
