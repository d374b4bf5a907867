import { type PresentationTimestamp, type PresentationTimestamps, visible } from '../messages/index.js'
import type { Connection } from '../server/connection.js'
import { TsServer } from '../server/ts-server.js'

/** Logs the presentation timestamps that companions send. */
export class LoggingTsServer extends TsServer {
  override onPresentationTimestamps(
    connection: Connection,
    { actual, earliest, latest }: PresentationTimestamps,
  ): void {
    const spell = ({ contentTime, wallClockTime }: { contentTime: bigint; wallClockTime: unknown }) =>
      visible(`${contentTime} @ ${wallClockTime}`)
    const spelt = (timestamp: PresentationTimestamp) => spell(timestamp)
    const fields = () => ({
      ...(actual && { actual: spelt(actual) }),
      earliest: spell(earliest),
      latest: spell(latest),
    })
    this.logLimited(connection.log, 'info', fields, 'presentation timestamps')
  }
}
