import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageError } from '../../../src/messages/index.js'
import { decodePageMessage, type PageMessage } from '../../../src/television/protocol/index.js'

const REPORT: PageMessage = {
  type: 'playback',
  programme: 'clip',
  state: 'playing',
  mediaSeconds: 12.5,
  wallClockNanos: '123456789012345678',
  speed: 1,
  durationSeconds: null,
}

function decode(message: object): PageMessage {
  return decodePageMessage(JSON.stringify(message))
}

describe('a message of a page', () => {
  it.each<PageMessage>([
    { type: 'hello', role: 'tv' },
    { type: 'hello', role: 'control', token: 'secret' },
    { type: 'drive' },
    { type: 'select', programme: 'film' },
    REPORT,
    { ...REPORT, state: 'ended', speed: 0, durationSeconds: 40 },
    { type: 'media-failed', programme: 'clip', detail: 'no decoder' },
    { type: 'calibration', renderingLatencySeconds: -0.2 },
    { type: 'watch', messages: true, log: false },
    { type: 'command', id: 1, command: { name: 'pause' } },
    { type: 'command', id: 2, command: { name: 'seek', seconds: -3 } },
    { type: 'command', id: 3, command: { name: 'status', presentationStatus: ['okay', 'extra'] } },
    { type: 'command', id: 4, command: { name: 'timeline', selector: 'urn:a', available: false } },
  ])('is read as it was written: $type', (message) => {
    expect(decode(message)).toEqual(message)
  })

  it('is read without members that the protocol does not have', () => {
    expect(decode({ type: 'drive', more: 1 })).toEqual({ type: 'drive' })
  })

  it.each([
    [{}, 'type: expected a string, it is missing'],
    [
      { type: 'constructor' },
      'type: expected hello, drive, select, playback, media-failed, calibration, watch, command',
    ],
    [{ type: 'hello', role: 'king' }, 'role: expected tv, companion, control'],
    [{ ...REPORT, mediaSeconds: '1' }, 'mediaSeconds: expected a number'],
    [{ ...REPORT, wallClockNanos: 12 }, 'wallClockNanos: expected an integer of at most 30 digits in a string'],
    [{ ...REPORT, mediaSeconds: 1e300 }, 'mediaSeconds: expected a number from -1000000000 to 1000000000'],
    [{ ...REPORT, speed: -1 }, 'speed: expected a number from 0 to 16'],
    [{ type: 'command', id: 1, command: { name: 'seek', seconds: 1e12 } }, 'command.seconds: expected a number from'],
    [{ ...REPORT, state: 'dancing' }, 'state: expected playing, paused, seeking, waiting, ended'],
    [
      { type: 'media-failed', programme: 'clip', detail: 'x'.repeat(1001) },
      'detail: expected a string of at most 1000',
    ],
    [{ type: 'command', id: 1, command: { name: 'explode' } }, 'command.name: expected play, pause, seek'],
    [{ type: 'command', id: 1, command: { name: 'seek' } }, 'command.seconds: expected a number, it is missing'],
    [{ type: 'command', id: 1, command: { name: 'timeline', selector: 'urn:a' } }, 'command.available: expected true'],
    [{ type: 'command', id: 1, command: { name: 'status', presentationStatus: 'okay' } }, 'command.presentationStatus'],
  ])('is refused with the field that is wrong: %j', (message, text) => {
    expect(() => decode(message)).toThrow(text)
  })

  it.each([['open', 'sesame'], 'open sesame'.repeat(100)])('is refused without showing its token: %j', (token) => {
    const hello = () => decode({ type: 'hello', role: 'control', token })
    expect(hello).toThrow('token: expected a string of at most 1000 characters')
    expect(hello).not.toThrow('sesame')
  })

  it('throws nothing but a MessageError, whatever it reads', () => {
    const types = ['hello', 'drive', 'playback', 'media-failed', 'watch', 'command']
    const message = fc.record({
      type: fc.oneof(fc.constantFrom(...types), fc.string()),
      ...Object.fromEntries(
        [
          'role',
          'token',
          'programme',
          'state',
          'mediaSeconds',
          'wallClockNanos',
          'speed',
          'detail',
          'messages',
          'id',
        ].map((name) => [name, fc.jsonValue()]),
      ),
      command: fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), seconds: fc.jsonValue() })),
    })
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      message.map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(text, (sent) => {
        try {
          decodePageMessage(sent)
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError)
        }
      }),
    )
  })
})
