/** The first bytes of a frame: a whole text message, unmasked as a server sends it (RFC 6455, 5.2). */
const TEXT_FRAME = 0x81
const LENGTH_16_BIT = 126
const LENGTH_64_BIT = 127

/**
 * WebSocket frames of messages that go to many clients in a row: each is made once, and written to the sockets as it is. That
 * saves `ws` a header and a second buffer for each client.
 */
export class SharedFrames {
  #message: Uint8Array | undefined
  #frame: Uint8Array = new Uint8Array()

  /** The frame of a text message in UTF-8. The message must not change afterwards. */
  of(message: Uint8Array): Uint8Array {
    if (message !== this.#message) {
      this.#frame = frameOf(message)
      this.#message = message
    }
    return this.#frame
  }
}

function frameOf(message: Uint8Array): Uint8Array {
  const { length } = message
  const headerLength = length < LENGTH_16_BIT ? 2 : length < 2 ** 16 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = TEXT_FRAME
  if (headerLength === 2) {
    frame[1] = length
  } else if (headerLength === 4) {
    frame[1] = LENGTH_16_BIT
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = LENGTH_64_BIT
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(message, headerLength)
  return frame
}
