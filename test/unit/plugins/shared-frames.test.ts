import { describe, expect, it } from 'vitest'
// @ts-expect-error: the types of ws leave its sender out.
import { Sender } from 'ws'
import { SharedFrames } from '../../../plugins/shared-frames.js'

const { frame } = Sender as unknown as { frame(data: Buffer, options: object): Buffer[] }

describe('the frame of a shared message', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('is what ws makes of %i bytes', (length) => {
    const message = Buffer.alloc(length, 'x')
    const parts = frame(message, { fin: true, opcode: 1, mask: false, rsv1: false })
    expect(Buffer.compare(Buffer.from(new SharedFrames().of(message)), Buffer.concat(parts))).toBe(0)
  })

  it('is made once for the same bytes', () => {
    const frames = new SharedFrames()
    const [one, other] = [Buffer.from('one'), Buffer.from('other')]
    const frame = frames.of(one)
    expect(frames.of(one)).toBe(frame)
    expect(frames.of(other)).not.toBe(frame)
  })
})
