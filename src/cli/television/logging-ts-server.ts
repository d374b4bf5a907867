import type { PresentationTimestamps } from '../../messages/index.js'
import type { Connection } from '../../server/endpoint/index.js'
import { TsServer } from '../../server/ts/index.js'
import { visible } from '../../validation/index.js'

/** Logs the presentation timestamps that companions send: the first of each connection, and at level debug those that follow. */
export class LoggingTsServer extends TsServer {
  readonly #logged = new WeakSet<Connection>()

  override onPresentationTimestamps(
    connection: Connection,
    { actual, earliest, latest }: PresentationTimestamps,
  ): void {
    const text = ({ contentTime, wallClockTime }: { contentTime: bigint; wallClockTime: unknown }) =>
      visible(`${contentTime} @ ${wallClockTime}`)
    const fields = () => ({
      ...(actual && { actual: text(actual) }),
      earliest: text(earliest),
      latest: text(latest),
    })
    const level = this.#logged.has(connection) ? 'debug' : 'info'
    this.#logged.add(connection)
    this.logLimited(connection.log, level, fields, 'presentation timestamps')
  }
}
