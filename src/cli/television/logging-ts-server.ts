import type { PresentationTimestamps } from '../../messages/index.js'
import type { Connection } from '../../server/endpoint/index.js'
import { TsServer } from '../../server/ts/index.js'
import { visible } from '../../validation/index.js'

/** Logs the presentation timestamps that companions send. */
export class LoggingTsServer extends TsServer {
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
    this.logLimited(connection.log, 'info', fields, 'presentation timestamps')
  }
}
