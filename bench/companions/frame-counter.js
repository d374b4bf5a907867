// @ts-check
const PING = 0x9
const PONG = 0xa
const TEXT = 0x1

/** A text frame of a client, masked with zeros. @param {string} text */
export function textFrame(text) {
  const payload = Buffer.from(text)
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([0x80 | TEXT, ...length, 0, 0, 0, 0]), payload])
}

/** Finds the messages in what a server sends. They must be unfragmented, as those of both servers are. */
export class FrameCounter {
  #socket
  #events
  #isUpgraded = false
  /** @type {Buffer | undefined} */
  #rest

  /**
   * @param {import('node:net').Socket} socket
   * @param {{ upgraded: () => void, message: (text: () => string) => void }} events
   */
  constructor(socket, events) {
    this.#socket = socket
    this.#events = events
  }

  /** @param {Buffer} chunk @throws Error where the handshake is refused */
  push(chunk) {
    let data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    if (!this.#isUpgraded) {
      const end = data.indexOf('\r\n\r\n')
      if (end === -1) {
        this.#rest = data
        return
      }
      const head = data.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101')) throw new Error(`handshake refused: ${head.slice(0, 100)}`)
      this.#isUpgraded = true
      this.#events.upgraded()
      data = data.subarray(end + 4)
    }
    this.#frames(data)
  }

  /** @param {Buffer} data */
  #frames(data) {
    let at = 0
    while (data.length - at >= 2) {
      let header = 2
      let length = (data[at + 1] ?? 0) & 127
      if (length === 126) {
        header = 4
        if (data.length - at < header) break
        length = data.readUInt16BE(at + 2)
      } else if (length === 127) {
        header = 10
        if (data.length - at < header) break
        length = Number(data.readBigUInt64BE(at + 2))
      }
      if (data.length - at < header + length) break
      const [start, end] = [at + header, at + header + length]
      const opcode = (data[at] ?? 0) & 15
      at = end
      if (opcode === TEXT) this.#events.message(() => data.toString('utf8', start, end))
      else if (opcode === PING) this.#pong(data.subarray(start, end))
    }
    if (at < data.length) this.#rest = data.subarray(at)
  }

  /** @param {Buffer} payload */
  #pong(payload) {
    const header = Buffer.from([0x80 | PONG, 0x80 | payload.length, 0, 0, 0, 0])
    this.#socket.write(payload.length === 0 ? header : Buffer.concat([header, payload]))
  }
}
