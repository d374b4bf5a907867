// @ts-check

/** @typedef {import('../random.js').Random} Random */
/** @typedef {{ fin?: boolean, rsv?: number, opcode?: number, masked?: boolean, length?: bigint | undefined, wide?: 16 | 64 | undefined }} FrameOptions */

const TEXT = 1
export const BINARY = 2
const CLOSE = 8
export const PING = 9

/**
 * A WebSocket frame of a client (RFC 6455, 5.2), valid or invalid.
 * @param {Uint8Array | string} payload
 * @param {FrameOptions} [options] `length` is the length in the header; `wide` is the size of that field, which may be larger than necessary.
 */
export function frame(payload, options = {}) {
  const { fin = true, rsv = 0, opcode = TEXT, masked = true, wide } = options
  const data = Buffer.from(payload)
  const length = options.length ?? BigInt(data.length)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const header = [first]
  const mask = masked ? 0x80 : 0
  if (wide === 64 || length > 0xffffn) header.push(mask | 127, ...bigEndian(length, 8))
  else if (wide === 16 || length > 125n) header.push(mask | 126, ...bigEndian(length, 2))
  else header.push(mask | Number(length))
  if (!masked) return Buffer.concat([Buffer.from(header), data])
  const key = [0x12, 0x34, 0x56, 0x78]
  return Buffer.concat([Buffer.from([...header, ...key]), data.map((byte, index) => byte ^ (key[index % 4] ?? 0))])
}

/** @param {bigint} value @param {number} bytes */
function bigEndian(value, bytes) {
  return Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * (bytes - 1 - index))) & 0xffn))
}

/** @param {number} code @param {string | Uint8Array} [reason] */
export function closeFrame(code, reason = '') {
  return frame(Buffer.concat([Buffer.from(bigEndian(BigInt(code), 2)), Buffer.from(reason)]), { opcode: CLOSE })
}

/** @typedef {{ opcode: number, payload: Buffer }} ServerFrame */

/**
 * The complete frames at the beginning of a server's data. They must be unmasked and unfragmented.
 * @param {Buffer} bytes @returns {ServerFrame[]}
 */
export function readFrames(bytes) {
  const frames = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    let length = bytes.readUInt8(at + 1) & 0x7f
    let start = at + 2
    if (length === 126) {
      if (at + 4 > bytes.length) break
      length = bytes.readUInt16BE(at + 2)
      start = at + 4
    }
    if (start + length > bytes.length) break
    frames.push({ opcode: bytes.readUInt8(at) & 0x0f, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}

/**
 * All kinds of frames that violate the protocol, with the required close code of the server.
 * @type {readonly { name: string, code: number, countedAsBroken?: boolean, make: (random: Random) => Buffer }[]}
 */
export const BAD_FRAMES = [
  { name: 'a reserved bit', code: 1002, make: (random) => frame('{}', { rsv: random.int(1, 7) }) },
  {
    name: 'a reserved opcode',
    code: 1002,
    make: (random) => frame('{}', { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) }),
  },
  { name: 'no mask', code: 1002, make: () => frame('{}', { masked: false }) },
  { name: 'a fragmented ping', code: 1002, make: () => frame('x', { opcode: PING, fin: false }) },
  { name: 'a long ping', code: 1002, make: (random) => frame(random.bytes(random.int(126, 400)), { opcode: PING }) },
  { name: 'a close of one byte', code: 1002, make: () => frame('x', { opcode: CLOSE }) },
  {
    name: 'a bad close code',
    code: 1002,
    make: (random) => closeFrame(random.pick([0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 65_535])),
  },
  { name: 'a close reason that is no UTF-8', code: 1007, make: () => closeFrame(1000, Uint8Array.of(0xff, 0xfe)) },
  { name: 'a continuation of nothing', code: 1002, make: () => frame('{}', { opcode: 0 }) },
  {
    name: 'a message inside a message',
    code: 1002,
    make: () => Buffer.concat([frame('{', { fin: false }), frame('{}')]),
  },
  {
    name: 'text that is no UTF-8',
    code: 1007,
    make: (random) => frame(Buffer.concat([random.bytes(random.int(0, 20)), Buffer.of(0xc0, 0x80)])),
  },
  {
    name: 'a message that is too long',
    code: 1009,
    make: (random) => frame(Buffer.alloc(65_537 + random.int(0, 3000), 0x20)),
  },
  {
    name: 'a claim of a huge message',
    code: 1009,
    make: (random) => frame('{}', { length: BigInt(random.int(65_537, 2 ** 40)) }),
  },
  {
    name: 'a claim beyond any number',
    code: 1009,
    countedAsBroken: true,
    make: () => frame('{}', { length: 2n ** 63n + 5n }),
  },
  {
    name: 'fragments that are too long together',
    code: 1009,
    make: () =>
      Buffer.concat([
        frame(Buffer.alloc(40_000, 0x20), { fin: false }),
        frame(Buffer.alloc(40_000, 0x20), { opcode: 0 }),
      ]),
  },
]
