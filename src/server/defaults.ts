/** Every default of the servers, with its unit and the reason for it. */
export const DEFAULTS = {
  /** A television serves a living room, a service serves thousands: only the app knows its ceiling. */
  maxConnections: Number.POSITIVE_INFINITY as number,

  /** Bytes of one message. The longest honest message here is a CII with private data: a few kilobytes. */
  maxMessageBytes: 65_536,

  /** Messages that could not be understood, per connection, before it is closed with 1008: enough for any bug, too few for a flood. */
  maxBadMessages: 100,

  /** Milliseconds from the upgrade request to the open connection, the app's own hooks included. Node itself has no limit here. */
  handshakeTimeout: 10_000,

  /** Milliseconds that a peer has to answer a close frame before its socket is destroyed. Below a second, so that `app.close()` is too. */
  closeTimeout: 800,

  /** Warnings per connection about bad messages; later ones are logged at debug, so that one peer cannot fill a disk. */
  badMessageWarnings: 5,

  /** Seconds after which a companion that met a full endpoint may ask again. */
  retryAfter: 1,

  /** Characters of a peer's message that a log line may show. */
  loggedCharacters: 256,
} as const
