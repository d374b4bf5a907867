import type { CiiObservations } from './cii-observations.js'
import type { Connections } from './connections.js'
import { handshakeOfUnknownVersion, INVALID_MESSAGES, plainGet } from './endpoint-probe.js'
import { readObject } from './json-values.js'
import type { RecordedSocket } from './recorded-socket.js'
import type { Step } from './step.js'

const FIRST_MESSAGE_MILLIS = 3000
/** Used if the endpoint has not answered before: then it need not be waited for as long. */
const SILENT_MILLIS = 300

/** For a CII message after a frame that is none. */
const OTHER_MESSAGE_MILLIS = 500

type Observed = { -readonly [Name in keyof CiiObservations]: CiiObservations[Name] }

/** Tests a CSS-CII endpoint. Holds a connection from the beginning. */
export class CiiProbe {
  readonly observed: Observed
  readonly #connections: Connections
  readonly #held: RecordedSocket
  readonly #url: string

  private constructor(url: string, connections: Connections, held: RecordedSocket) {
    this.#url = url
    this.#connections = connections
    this.#held = held
    this.observed = {
      url,
      held: held.record,
      later: undefined,
      invalidMessages: [],
      ending: undefined,
      plainGet: undefined,
      unknownVersion: undefined,
    }
  }

  /** Opens a connection and waits for its first message. */
  static async open(url: string, connections: Connections): Promise<CiiProbe> {
    const held = await connections.open(url)
    await held.frames(1, FIRST_MESSAGE_MILLIS)
    // Some send something else first, such as the `pairingcompleted` of App2App.
    if (held.record.frames.length > 0) await held.until(() => hasMessage(held), OTHER_MESSAGE_MILLIS)
    return new CiiProbe(url, connections, held)
  }

  get isConnected(): boolean {
    return this.observed.held.openedNanos !== undefined
  }

  /** Whether it has sent nothing so far. */
  get isSilent(): boolean {
    return this.observed.held.frames.length === 0
  }

  /** Opens a second connection beside the first, to compare what the two have received. */
  async openSecond(): Promise<void> {
    await this.#ping(this.#held)
    const later = await this.#openWithMessage()
    // Afterwards, both records have everything that was sent to both before.
    await Promise.all([this.#ping(this.#held), this.#ping(later)])
    this.observed.later = later.record
    later.close()
  }

  /** Ends the first connection. */
  async release(): Promise<void> {
    await this.#ping(this.#held)
    this.#held.close()
    await this.#held.gone
  }

  isAlive(): Promise<boolean> {
    return this.#connections.isAlive(this.#url)
  }

  unusualSteps(): Step[] {
    return [
      {
        id: 'cii-plain-get',
        name: 'a GET request without an upgrade to CSS-CII',
        run: async () => {
          this.observed.plainGet = await plainGet(this.#url)
        },
      },
      {
        id: 'cii-unknown-version',
        name: 'a handshake with an unknown WebSocket version to CSS-CII',
        run: async () => {
          this.observed.unknownVersion = await handshakeOfUnknownVersion(this.#url)
        },
      },
    ]
  }

  rubbishSteps(): Step[] {
    return INVALID_MESSAGES.map(({ name, data }) => {
      const sentAs = `${name} to CSS-CII`
      return {
        id: 'cii-rubbish',
        name: sentAs,
        run: async () => {
          const socket = await this.#openWithMessage()
          socket.send(data)
          await this.#ping(socket)
          this.observed.invalidMessages = [...this.observed.invalidMessages, { name, sentAs, record: socket.record }]
          socket.close()
        },
      }
    })
  }

  async #openWithMessage(): Promise<RecordedSocket> {
    const socket = await this.#connections.open(this.#url)
    await socket.frames(1, this.isSilent ? SILENT_MILLIS : FIRST_MESSAGE_MILLIS)
    return socket
  }

  #ping(socket: RecordedSocket): Promise<boolean> {
    const { pings, pongs } = this.observed.held
    return socket.ping(pongs < pings ? SILENT_MILLIS : undefined)
  }
}

function hasMessage({ record }: RecordedSocket): boolean {
  return record.frames.some(({ text }) => readObject(text) !== undefined)
}
