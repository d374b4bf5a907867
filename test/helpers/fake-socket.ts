import type { ConnectionSocket } from '../../plugins/index.js'

/** A socket on which messages wait until the test lets the client take them. */
export class FakeSocket implements ConnectionSocket {
  readonly remoteAddress: string = '192.0.2.1'
  readonly localAuthority = { secure: false, host: '192.0.2.2', port: 80 }
  readonly handshake = { url: '/', headers: {} }
  readonly sent: string[] = []
  readonly closes: number[] = []
  bufferedAmount = 0
  isPaused = false
  #flushed: (() => void)[] = []

  send(data: string | Uint8Array, _isText: boolean, onFlushed: (() => void) | undefined): void {
    this.sent.push(Buffer.from(data as Uint8Array).toString())
    this.bufferedAmount += data.length
    if (onFlushed !== undefined) this.#flushed.push(onFlushed)
  }

  whenFlushed(flushed: () => void): void {
    this.#flushed.push(flushed)
  }

  setPaused(isPaused: boolean): void {
    this.isPaused = isPaused
  }

  close(code: number): void {
    this.closes.push(code)
  }

  /** The client takes everything that waits. */
  arrive(): void {
    this.bufferedAmount = 0
    for (const flushed of this.#flushed.splice(0)) flushed()
  }

  /** What was sent, as JSON values. */
  get messages(): unknown[] {
    return this.sent.map((message) => JSON.parse(message))
  }
}
