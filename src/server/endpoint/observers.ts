import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import type { Connection } from './connection.js'
import type { BadMessageReason, RefusalReason } from './endpoint-statistics.js'
import { isThenable } from './hooks.js'

/**
 * Functions that are called for what happens at an endpoint, for a monitor or a log. In contrast to hooks they have no influence: one
 * that throws or rejects is logged and counted in `hookErrors`, and no connection is closed. They must not send.
 */
export interface EndpointObserver {
  /** A connection was opened. Called before its hooks run and before its first message. */
  connected?(connection: Connection): void
  /**
   * A connection has ended, for any reason; called once for each that was opened. The code is 1005 if the close frame had none, 1006
   * without a close frame. What the server knows of the connection can still be read.
   */
  disconnected?(connection: Connection, code: number, reason: string): void
  /** A complete message was received, before it is processed: a string from a text frame, bytes from a binary frame. Copy bytes to keep them. */
  messageReceived?(connection: Connection, message: string | Uint8Array): void
  /** A message was sent: a string in a text frame, bytes in a binary frame. The client need not have received it yet. Copy bytes to keep them. */
  messageSent?(connection: Connection, message: string | Uint8Array): void
  /**
   * A message of the client was not processed, and is counted in `dropped` of the server's statistics under this reason. Called after
   * `messageReceived` for the same message, unless it was not received completely or was a control frame.
   * @param detail the fault, in English. It can contain text of the client.
   */
  messageRejected?(connection: Connection, reason: BadMessageReason, detail: string): void
  /** A handshake was refused. */
  refused?(remoteAddress: string, reason: RefusalReason): void
}

/** The observers of one server. */
export class Observers {
  /** Replaced when it changes, so that an observer can be added or removed during a notification. */
  #all: readonly { readonly observer: EndpointObserver }[] = []
  readonly #failed: (error: unknown) => void
  /** The last text that was sent as bytes: the same bytes go to many connections in succession. */
  #sentBytes: Uint8Array | undefined
  #sentText = ''

  /** @param failed called with the error of an observer. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Whether an observer has a function for this event. */
  observes(event: keyof EndpointObserver): boolean {
    return this.#all.some(({ observer }) => observer[event] !== undefined)
  }

  get size(): number {
    return this.#all.length
  }

  /**
   * @returns removes the observer.
   * @throws InvalidOptionError, UnknownOptionError
   */
  add(observer: EndpointObserver): () => void {
    checkOptions(OBSERVER, observer, { within: 'observer', others: isPlainObject(observer) ? [] : 'any' })
    const added = { observer }
    this.#all = [...this.#all, added]
    return () => {
      this.#all = this.#all.filter((other) => other !== added)
    }
  }

  notify<Event extends keyof EndpointObserver>(
    event: Event,
    ...details: Parameters<Required<EndpointObserver>[Event]>
  ): void {
    for (const { observer } of this.#all) {
      try {
        const listener = observer[event] as ((...details: unknown[]) => unknown) | undefined
        const result = listener?.apply(observer, details)
        if (isThenable(result)) Promise.resolve(result).catch(this.#failed)
      } catch (error) {
        this.#failed(error)
      }
    }
  }

  /** @param isText whether bytes are text in UTF-8. */
  messageSent(connection: Connection, data: string | Uint8Array, isText: boolean): void {
    this.notify('messageSent', connection, isText && typeof data !== 'string' ? this.#textOf(data) : data)
  }

  #textOf(utf8: Uint8Array): string {
    if (utf8 !== this.#sentBytes) {
      this.#sentText = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.byteLength).toString()
      this.#sentBytes = utf8
    }
    return this.#sentText
  }
}

const OBSERVER: OptionTable<EndpointObserver> = {
  connected: option.func(),
  disconnected: option.func(),
  messageReceived: option.func(),
  messageSent: option.func(),
  messageRejected: option.func(),
  refused: option.func(),
}

/** Of an object of a class, other members are its own business. */
function isPlainObject(value: unknown): boolean {
  const prototype = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : null
  return prototype === null || prototype === Object.prototype
}
