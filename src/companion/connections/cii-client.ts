import { applyCii, CII_PROPERTIES, type Cii, equalCii, parseCii } from '../../messages/index.js'
import { type Forgiveness, parseJsonLeniently, readCiiLeniently } from '../../messages/lenient/index.js'
import { visible } from '../../validation/index.js'
import {
  ReconnectingClient,
  type ReconnectingClientEvents,
  type ReconnectingClientOptions,
} from './reconnecting-client.js'

/** Options of a {@link CiiClient}: those that all WebSocket clients share. */
export type CiiClientOptions = ReconnectingClientOptions

/** Events of a {@link CiiClient}, by name, with what their listeners receive. */
export interface CiiClientEvents extends ReconnectingClientEvents {
  /** A valid message was received, whether or not it changes the state. Emitted before `change`. */
  message: {
    /** The message as received: only the properties that the server sent. */
    readonly message: Cii
  }
  /** A message changed the state. Emitted once per message. */
  change: {
    /** Names of the properties that changed. */
    readonly changes: readonly (keyof Cii)[]
    /** The complete state after the message; frozen. */
    readonly state: Cii
    /** The complete state before the message; frozen. */
    readonly previous: Cii
    /** The message as received. */
    readonly message: Cii
  }
}

const NOTHING_KNOWN: Cii = Object.freeze({})

/**
 * Mirrors the state of a CSS-CII server (TS 103 286-2, clause 5.6). While disconnected, it keeps the last state.
 */
export class CiiClient extends ReconnectingClient<CiiClientEvents> {
  #state: Cii = NOTHING_KNOWN
  #latestMessage: Cii | undefined
  /** The next message is the first of a connection and contains the complete state. */
  #expectsAll = true

  /** @param url `ws://…` or `wss://…`, the address of the CII endpoint. */
  constructor(url: string, options: CiiClientOptions = {}) {
    super(url, options)
  }

  /**
   * The current state of the server; frozen. Properties sent as null are null; properties never sent are absent. Empty before the
   * first message.
   */
  get state(): Cii {
    return this.#state
  }

  /** The last valid message as received; undefined before the first. */
  get latestMessage(): Cii | undefined {
    return this.#latestMessage
  }

  /** The state in one human-readable line: `connected, content dvb://233a.1004.1044 (final), okay`. */
  statusSummary(): string {
    const { contentId, contentIdStatus, presentationStatus } = this.#state
    const connection = this.connected ? 'connected' : 'not connected'
    if (this.#state === NOTHING_KNOWN) return `${connection}, nothing received`
    // This is text from the server and may be printed to a terminal.
    const content =
      typeof contentId === 'string' ? `${visible(contentId)} (${contentIdStatus ?? 'status unknown'})` : 'unknown'
    return [connection, `content ${content}`, visible(presentationStatus?.join(' ') ?? '')].filter(Boolean).join(', ')
  }

  protected override opened(): void {
    this.#expectsAll = true
  }

  protected override received(text: string, forgiveness: Forgiveness | undefined): void {
    const message = this.#read(text, forgiveness)
    if (forgiveness !== undefined) this.reportForgiven(forgiveness)
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

  #read(text: string, forgiveness: Forgiveness | undefined): Cii {
    if (forgiveness === undefined) return parseCii(text)
    return readCiiLeniently(parseJsonLeniently(text, forgiveness), this.#expectsAll, forgiveness)
  }
}
