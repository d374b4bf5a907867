import type { PresentationTimestamp, PresentationTimestamps } from '../messages/index.js'
import type { Connection } from '../server/connection.js'
import { TsServer } from '../server/ts-server.js'

/** Tells in the log what companions report about their own presentation. */
export class LoggingTsServer extends TsServer {
  override onPresentationTimestamps(
    connection: Connection,
    { actual, earliest, latest }: PresentationTimestamps,
  ): void {
    const spell = ({ contentTime, wallClockTime }: { contentTime: bigint; wallClockTime: unknown }) =>
      `${contentTime} @ ${wallClockTime}`
    const spelt = (timestamp: PresentationTimestamp) => spell(timestamp)
    connection.log.info(
      { ...(actual && { actual: spelt(actual) }), earliest: spell(earliest), latest: spell(latest) },
      'presentation timestamps',
    )
  }
}
