import { type Connection, type StateComposer, StateSender } from '../server/endpoint/index.js'
import type { PageRole, TelevisionMessage, Watch } from './protocol/index.js'

/** The sections of an update of which the latest is sent. */
export type Section = 'setting' | 'state' | 'programmes' | 'seat' | 'companions'

/** A page that is connected to the television. */
export class PageClient extends StateSender {
  readonly connection: Connection
  /** Undefined until it has said hello and was accepted. */
  role: PageRole | undefined
  /** What a companion page has said of its calibration. */
  calibrationSeconds: number | undefined
  watch: Watch = { type: 'watch', messages: false, log: false }
  /** The version of each section that it was sent. */
  readonly sent: Partial<Record<Section, number>> = {}
  /** How far it has read the messages and the log. */
  messagesRead = 0
  logRead = 0

  constructor(connection: Connection, composer: StateComposer<PageClient>) {
    super(connection, composer)
    this.connection = connection
  }

  /** Sends a message that must not be left out. */
  say(message: TelevisionMessage): void {
    this.connection.send(JSON.stringify(message))
  }
}
