import { TokenBucket } from '../../clocks/index.js'

/**
 * Parses the frames of a connection (RFC 6455, 5.2) without keeping their payload, for information that the `ws` package does not
 * provide: the number of control frames, and whether a message is incomplete.
 */
export class FrameWatch {
  readonly #controlRate: TokenBucket
  readonly #header = new Uint8Array(14)
  #headerLength = 0
  #payloadLeft = 0
  #isFinalOfMessage = false
  #isMessageOpen = false

  constructor(maxControlFramesPerSecond: number) {
    this.#controlRate = new TokenBucket(maxControlFramesPerSecond, maxControlFramesPerSecond)
  }

  /** Whether the first byte of a message has arrived and the last one has not. */
  get isMessageOpen(): boolean {
    return this.#isMessageOpen
  }

  /** @returns false when more control frames have arrived than are allowed. */
  read(chunk: Uint8Array, nowSeconds: number): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, chunk.length - at)
        at += skipped
        this.#payloadLeft -= skipped
      } else {
        this.#header[this.#headerLength++] = chunk[at++] as number
        if (this.#headerLength === 1) this.#begin()
        if (this.#headerLength < this.#headerSize()) continue
        this.#payloadLeft = this.#payloadSize()
        this.#headerLength = 0
        if (isControl(this.#header[0]) && !this.#controlRate.take(nowSeconds)) return false
      }
      if (this.#payloadLeft === 0 && this.#isFinalOfMessage) {
        this.#isMessageOpen = false
        this.#isFinalOfMessage = false
      }
    }
    return true
  }

  #begin(): void {
    if (isControl(this.#header[0])) return
    this.#isMessageOpen = true
  }

  #headerSize(): number {
    const second = this.#header[1] ?? 0
    if (this.#headerLength < 2) return 2
    const length = second & 0x7f
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0)
  }

  #payloadSize(): number {
    const first = this.#header[0] ?? 0
    this.#isFinalOfMessage = !isControl(first) && (first & 0x80) !== 0
    const view = new DataView(this.#header.buffer)
    const length = view.getUint8(1) & 0x7f
    return length === 127 ? Number(view.getBigUint64(2)) : length === 126 ? view.getUint16(2) : length
  }
}

function isControl(firstByte = 0): boolean {
  return (firstByte & 0x08) !== 0
}
