import { applyCii, CII_PROPERTIES, type Cii, equalCii, parseCii } from '../../messages/index.js'
import { visible } from '../../validation/index.js'
import { ReconnectingClient, type ReconnectingClientEvents } from './reconnecting-client.js'
import type { ReconnectingSocketOptions } from './reconnecting-socket.js'

export type CiiClientOptions = ReconnectingSocketOptions

export interface CiiClientEvents extends ReconnectingClientEvents {
  /** A valid message came, whether it changes anything or not; before `change`. */
  message: { readonly message: Cii }
  /** A message has changed the state: one event for each such message. */
  change: {
    /** The properties that differ now. */
    readonly changes: readonly (keyof Cii)[]
    readonly state: Cii
    readonly previous: Cii
    /** What came. */
    readonly message: Cii
  }
}

const NOTHING_KNOWN: Cii = Object.freeze({})

/**
 * Mirrors the state of a CSS-CII server (TS 103 286-2, clause 5.6). While it is not connected the last state stays.
 */
export class CiiClient extends ReconnectingClient<CiiClientEvents> {
  #state: Cii = NOTHING_KNOWN
  #latestMessage: Cii | undefined
  /** The next message is the first of a connection, and says everything. */
  #expectsAll = true

  /** @param url `ws://…` or `wss://…`, the address of the CII endpoint. */
  constructor(url: string, options: CiiClientOptions = {}) {
    super(url, options)
  }

  /**
   * What the server has sent; frozen. A property that it has sent as null is null, and one that it has not sent is absent. Empty
   * before the first message.
   */
  get state(): Cii {
    return this.#state
  }

  /** The last valid message, as it came; undefined before the first. */
  get latestMessage(): Cii | undefined {
    return this.#latestMessage
  }

  /** The state in one line, for people: `connected, content dvb://233a.1004.1044 (final), okay`. */
  statusSummary(): string {
    const { contentId, contentIdStatus, presentationStatus } = this.#state
    const connection = this.connected ? 'connected' : 'not connected'
    if (this.#state === NOTHING_KNOWN) return `${connection}, nothing received`
    // The server's text, which may end up in a terminal.
    const content = typeof contentId === 'string' ? `${visible(contentId)} (${contentIdStatus})` : 'unknown'
    return [connection, `content ${content}`, visible(presentationStatus?.join(' ') ?? '')].filter(Boolean).join(', ')
  }

  protected override opened(): void {
    this.#expectsAll = true
  }

  protected override received(text: string): void {
    const message = parseCii(text)
    this.#latestMessage = message
    this.emit('message', { message })
    const previous = this.#state
    const state = Object.freeze(applyCii(this.#expectsAll ? NOTHING_KNOWN : previous, message))
    this.#expectsAll = false
    const changes = CII_PROPERTIES.filter((name) => !equalCii({ [name]: previous[name] }, { [name]: state[name] }))
    if (changes.length === 0) return
    this.#state = state
    this.emit('change', { changes, state, previous, message })
  }
}
