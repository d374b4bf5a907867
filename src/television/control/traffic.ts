import type { Connection, EndpointObserver, EndpointServer } from '../../server/endpoint/index.js'
import { visible } from '../../validation/index.js'
import type { MessageEntry } from '../protocol/index.js'
import { Journal } from './journal.js'
import { messageText } from './message-text.js'

/** More than a page shows. */
const MAX_MESSAGES = 500

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
        this.lastOf(connection).in = this.#add(endpoint, connection, 'in', messageText(message))
      },
      messageSent: (connection, message) => {
        this.lastOf(connection).out = this.#add(endpoint, connection, 'out', messageText(message))
        sent?.(connection)
      },
      messageRejected: (connection, reason, detail) => {
        const why = `${reason}: ${visible(detail)}`
        const last = this.lastOf(connection).in
        // A message is rejected while it is received, unless it was not received completely.
        if (last !== undefined && last.rejected === null && last.at >= Date.now() - 1) last.rejected = why
        else this.#add(endpoint, connection, 'in', '').rejected = why
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
