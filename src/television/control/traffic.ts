import type { BadMessageReason, Connection, EndpointObserver, EndpointServer } from '../../server/endpoint/index.js'
import { visible } from '../../validation/index.js'
import type { MessageEntry } from '../protocol/index.js'
import { Journal } from './journal.js'
import { messageText } from './message-text.js'

/** More than a page shows. */
const MAX_MESSAGES = 500

/** Messages that were rejected for these reasons were not received completely. */
const INCOMPLETE: ReadonlySet<BadMessageReason> = new Set(['broken-frame', 'too-fragmented', 'control-flood'])

type Entry = { -readonly [Member in keyof MessageEntry]: MessageEntry[Member] }

export type EndpointName = MessageEntry['endpoint']

/** The last message each way. */
export interface LastMessages {
  in: Entry | undefined
  out: Entry | undefined
}

/** The messages of the endpoints as they go by. */
export class Traffic {
  readonly journal: Journal<MessageEntry> = new Journal(MAX_MESSAGES)
  /** The message that is processed now. */
  #received: { readonly connection: Connection; readonly entry: Entry } | undefined
  readonly #last = new WeakMap<Connection, LastMessages>()

  lastOf(connection: Connection): LastMessages {
    let last = this.#last.get(connection)
    if (last === undefined) {
      last = { in: undefined, out: undefined }
      this.#last.set(connection, last)
    }
    return last
  }

  /** @param sent called after each message to a client. @returns stops observing */
  observe(
    endpoint: EndpointName,
    server: Pick<EndpointServer, 'observe'>,
    sent?: (connection: Connection) => void,
  ): () => void {
    const observer: EndpointObserver = {
      messageReceived: (connection, message) => {
        const entry = this.#add(endpoint, connection, 'in', messageText(message))
        this.lastOf(connection).in = entry
        this.#received = { connection, entry }
        queueMicrotask(() => {
          this.#received = undefined
        })
      },
      messageSent: (connection, message) => {
        this.lastOf(connection).out = this.#add(endpoint, connection, 'out', messageText(message))
        sent?.(connection)
      },
      messageRejected: (connection, reason, detail) => {
        const why = `${reason}: ${visible(detail)}`
        const received = this.#received
        const isOfIt = received?.connection === connection && !INCOMPLETE.has(reason)
        const entry = isOfIt ? received.entry : this.#add(endpoint, connection, 'in', '')
        entry.rejected = why
      },
    }
    return server.observe(observer)
  }

  #add(endpoint: EndpointName, connection: Connection, direction: 'in' | 'out', text: string): Entry {
    const { id, remoteAddress } = connection
    const entry = { at: Date.now(), connection: id, endpoint, remoteAddress, direction, text, rejected: null }
    this.journal.add(entry)
    return entry
  }
}
