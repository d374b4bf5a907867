/** A value, and when it was sent or received: milliseconds of the epoch, as `Date.now()` has them. */
export interface Dated<Value> {
  /** What was sent or received. */
  readonly value: Value
  /** When, in milliseconds of the epoch. */
  readonly at: number
}

/**
 * What is known of one connection: a snapshot. Points in time are milliseconds of the epoch, as `Date.now()` has them; sizes are bytes of
 * messages, without framing.
 */
export interface ConnectionStatistics {
  /** When the connection was opened. */
  readonly openedAt: number
  /** Complete messages received, including invalid and dropped ones. */
  readonly messagesIn: number
  /** Bytes of these messages; text is counted in UTF-8. */
  readonly bytesIn: number
  /** When the last of them was received; undefined before the first. */
  readonly lastMessageInAt: number | undefined
  /** Messages sent. The client need not have received them yet: see {@link Connection.bufferedAmount}. */
  readonly messagesOut: number
  /** Bytes of these messages; text is counted in UTF-8. */
  readonly bytesOut: number
  /** When the last of them was sent; undefined before the first. */
  readonly lastMessageOutAt: number | undefined
  /** Invalid messages, as they count towards `maxBadMessages`. */
  readonly badMessages: number
  /**
   * Seconds from the latest ping that was answered to its pong; undefined before the first. A client is pinged each
   * `heartbeatIntervalSeconds` (default 30), and when {@link Connection.ping} is called.
   */
  readonly roundTripSeconds: number | undefined
}
