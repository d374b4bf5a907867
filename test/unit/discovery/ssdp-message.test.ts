import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSsdpMessage, encodeSearch, encodeSsdpMessage, maxAgeOf } from '../../../src/discovery/ssdp-message.js'

const bytes = (...lines: string[]) => Buffer.from(lines.join('\r\n'))

describe('a message of SSDP', () => {
  it('that searches has the headers that UPnP wants', () => {
    const message = encodeSearch('239.255.255.250', 1900, 'urn:dial-multiscreen-org:service:dial:1', 3)
    expect(message.toString()).toBe(
      'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 3\r\n' +
        'ST: urn:dial-multiscreen-org:service:dial:1\r\n\r\n',
    )
  })

  it.each([
    ['M-SEARCH * HTTP/1.1', 'search'],
    ['NOTIFY * HTTP/1.1', 'notice'],
    ['HTTP/1.1 200 OK', 'response'],
    ['HTTP/1.0 200 OK', 'response'],
  ])('begins with %s', (start, kind) => {
    expect(decodeSsdpMessage(bytes(start, 'st:x', 'EXT:', '', ''))).toEqual({
      kind,
      headers: new Map([
        ['ST', 'x'],
        ['EXT', ''],
      ]),
    })
  })

  it('is read whatever the case of its headers, the spaces around them and the line ends', () => {
    const message = decodeSsdpMessage(
      Buffer.from('HTTP/1.1 200 OK\nLocation:   http://192.0.2.1/dd.xml  \n cache-Control : max-age=60\n\n'),
    )
    expect(message).toMatchObject({ kind: 'response' })
    if (typeof message === 'string') throw new Error(message)
    expect(message.headers.get('LOCATION')).toBe('http://192.0.2.1/dd.xml')
    expect(maxAgeOf(message.headers)).toBe(60)
  })

  it.each([
    ['too-large', Buffer.alloc(4097, 'a')],
    ['not-ssdp', bytes('GET / HTTP/1.1', '', '')],
    ['not-ssdp', bytes('HTTP/1.1 404 Not Found', '', '')],
    ['not-ssdp', Buffer.alloc(0)],
    ['invalid-header', bytes('NOTIFY * HTTP/1.1', 'no colon', '', '')],
    ['invalid-header', bytes('NOTIFY * HTTP/1.1', ':x', '', '')],
    ['invalid-header', bytes('NOTIFY * HTTP/1.1', ...Array.from({ length: 65 }, (_, index) => `h${index}: x`), '', '')],
  ])('is dropped as %s', (reason, datagram) => {
    expect(decodeSsdpMessage(datagram)).toBe(reason)
  })

  it('never makes two headers of one value', () => {
    const message = encodeSsdpMessage('HTTP/1.1 200 OK', { SERVER: 'x\r\nLOCATION: http://evil.example/' })
    expect(message.toString().split('\r\n')).toHaveLength(4)
  })

  it('can be anything without an error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'NOTIFY * HTTP/1.1\r\n'),
        (rest, start) => {
          const decoded = decodeSsdpMessage(Buffer.concat([Buffer.from(start), rest]))
          expect(typeof decoded === 'string' || decoded.headers instanceof Map).toBe(true)
        },
      ),
    )
  })

  it.each([
    ['max-age=1800', 1800],
    ['no-cache, MAX-AGE = 30', 30],
    ['max-age=99999999999', undefined],
    ['', undefined],
  ])('is valid for as long as %j says', (value, seconds) => {
    expect(maxAgeOf(new Map([['CACHE-CONTROL', value]]))).toBe(seconds)
  })
})
