import { describe, expect, it } from 'vitest'
import { FrameWatch } from '../../../../src/companion/node/frame-watch.js'

function frame(opcode: number, length: number, isFinal = true): Buffer {
  const size =
    length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, 0, 2, 0, 0]
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode, ...size]), Buffer.alloc(length, 0xff)])
}

describe('the frames of a connection', () => {
  it.each([1, 2, 3, 7, 1000, 1 << 20])('are followed in pieces of %d bytes', (piece) => {
    const watch = new FrameWatch(100)
    const message = [frame(1, 5, false), frame(9, 125), frame(0, 200, false), frame(0, 131_072), frame(2, 0)]
    const bytes = Buffer.concat(message)
    const isOpen: boolean[] = []
    let isWithinRate = true
    for (let at = 0; at < bytes.length; at += piece) {
      isWithinRate &&= watch.read(bytes.subarray(at, at + piece), 0)
      isOpen.push(watch.isMessageOpen)
    }
    expect(isWithinRate).toBe(true)
    expect(isOpen.at(-1)).toBe(false)
    if (piece <= 1000) expect(isOpen.slice(0, -5).includes(true)).toBe(true)
  })

  it('are incomplete after the first byte of a message, and after all fragments but the last', () => {
    const watch = new FrameWatch(100)
    expect(watch.isMessageOpen).toBe(false)
    watch.read(Buffer.from([0x81]), 0)
    expect(watch.isMessageOpen).toBe(true)
    watch.read(Buffer.from([0]), 0)
    expect(watch.isMessageOpen).toBe(false)
    watch.read(frame(1, 3, false), 0)
    watch.read(frame(10, 0), 0)
    expect(watch.isMessageOpen).toBe(true)
    watch.read(frame(0, 3), 0)
    expect(watch.isMessageOpen).toBe(false)
  })

  it('are limited per second if they are control frames', () => {
    const watch = new FrameWatch(10)
    for (let count = 0; count < 10; count += 1) expect(watch.read(frame(9, 1), 5)).toBe(true)
    expect(watch.read(frame(1, 1), 5)).toBe(true)
    expect(watch.read(frame(10, 1), 5)).toBe(false)
    expect(watch.read(frame(10, 1), 6)).toBe(true)
  })
})
