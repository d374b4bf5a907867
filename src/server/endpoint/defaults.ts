/** Every default of the servers, with its unit and the reason for it. */
export const DEFAULTS = {
  /** A television serves a living room, a service thousands: only the app knows its limit. */
  maxConnections: Number.POSITIVE_INFINITY as number,

  /** Bytes of one message. The longest legitimate message is a CII message with private data: a few kilobytes. */
  maxMessageBytes: 65_536,

  /** Bytes of a CSS-TS message, whose content the server keeps while the connection is open. Legitimate ones have a few hundred. */
  maxKeptMessageBytes: 8192,

  /** Bytes of an App2App message: the minimum that every television must relay (ETSI TS 102 796, clause 14.5). */
  maxRelayedMessageBytes: 131_072,

  /**
   * Bytes buffered for one App2App client before reading from its peer is paused. The operating system's buffers, several times as large,
   * are additional.
   */
  maxBufferedRelayBytes: 65_536,

  /** Clients waiting on one side of an App2App channel. A household has fewer companions. */
  maxWaitingPerChannel: 16,

  /** Invalid messages per connection before it is closed with 1008: enough for any bug, too few for a flood. */
  maxBadMessages: 100,

  /** Seconds from the upgrade request to the open connection, including the app's hooks. Node has no limit of its own here. */
  handshakeTimeoutSeconds: 10,

  /**
   * Seconds within which other upgrade listeners of the app may take a socket without a route, before it is answered with 404. Enough to
   * look up a session or to connect to an upstream server.
   */
  unroutedUpgradeTimeoutSeconds: 5,

  /**
   * Seconds within which a peer must answer a close frame or complete a request when the app closes, before its socket is destroyed.
   * Below one second, so that `app.close()` takes less than a second.
   */
  closeTimeoutSeconds: 0.8,

  /** Seconds after which a closing app reports what it is waiting for. Long enough for a legitimate request to end. */
  closeReportAfterSeconds: 5,

  /** Seconds between further reports: frequent enough to see the numbers change, too rare to fill a log. */
  closeReportIntervalSeconds: 30,

  /**
   * Seconds between pings. A peer without a sign of life for two of them is considered dead: behind a NAT or on Wi-Fi its end is not
   * signalled.
   */
  heartbeatIntervalSeconds: 30,

  /** Seconds between two pings for a round trip at least: a page that shows it needs no more, whatever asks for them. */
  pingIntervalSeconds: 1,

  /** Seconds within which a peer must read its buffered data. Bad Wi-Fi recovers within seconds; TCP would wait minutes. */
  sendTimeoutSeconds: 20,

  /** Seconds from the first to the last byte of a message. The longest has 64 KiB, and bad Wi-Fi recovers within seconds. */
  messageTimeoutSeconds: 10,

  /** Bytes buffered in the process for one client. A burst of messages fits; a thousand stalled clients cost at most a gigabyte. */
  maxBufferedBytes: 1_048_576,

  /** The same for the wall clock, whose answers are useless once they have been delayed: a hundred in JSON, in about 150 KB of heap. */
  maxBufferedAnswerBytes: 16_384,

  /**
   * Pings and unsolicited pongs per second and connection; a peer that sends more is closed with 1008. Legitimate peers send a handful
   * per second at most, though those of a few seconds may arrive at once after a stall of the network. Fewer than the
   * 60 pings at which `ws` destroys the socket when its pongs have not been sent.
   */
  controlFramesPerSecond: 50,

  /**
   * Bytes of one connection after which others get their turn. Node reads up to 2 MiB of a socket at once, whose processing takes about
   * 500 ms in frames of 8 bytes, and 50 ms in messages of 64 KiB. The current 64 KiB are still processed, so less would change little.
   */
  bytesBeforeYielding: 65_536,
  /** Bytes that each frame counts in addition to its payload: a short message takes as long as about 100 bytes of JSON. */
  bytesOfFrame: 128,

  /** Frames that are parsed after a close frame was sent: enough for frames in flight, too few for a flood. */
  framesAfterClose: 100,

  /** Connections of one remote address: a household behind one NAT is one address, and so is a proxy. Only the app knows. */
  maxConnectionsPerAddress: Number.POSITIVE_INFINITY as number,

  /**
   * Handshakes a second of one remote address: after a restart a household's companions all come back at once. Only the app knows how
   * many.
   */
  maxHandshakesPerSecond: Number.POSITIVE_INFINITY as number,

  /** Messages a second of one remote address: companions report their presentation as often as they like. */
  maxMessagesPerSecond: Number.POSITIVE_INFINITY as number,

  /**
   * Requests a second of one source of the wall clock: a household behind one NAT is one source. Only the app knows how many companions it
   * has.
   */
  maxRequestsPerSecond: Number.POSITIVE_INFINITY as number,

  /**
   * The same of all addresses together. No figure is right for a living room and for a service, and one that is too low drops
   * what honest clients send: a client of CSS-TS sends its setup data once. Without a limit the CPU is the limit.
   */
  maxHandshakesPerSecondTotal: Number.POSITIVE_INFINITY as number,
  maxMessagesPerSecondTotal: Number.POSITIVE_INFINITY as number,
  maxRequestsPerSecondTotal: Number.POSITIVE_INFINITY as number,

  /** UDP clients that a server lists: none, because recording them takes 7 % of the time of a request. */
  maxRecentClients: 0,

  /**
   * New sources whose rate is remembered, and as many known ones: 250 bytes each, so that a flood of forged addresses costs at most 5 MB
   * for each limit.
   */
  rateLimitedSources: 10_000,

  /**
   * Seconds from the first sight of a source until it is a known one: longer than one burst of a flood, shorter than a companion needs to
   * notice.
   */
  knownSourceAfterSeconds: 1,

  /** Seconds of silence after which a known source may be forgotten for another: companions ask at least every few seconds. */
  knownSourceIdleSeconds: 60,

  /** Warnings per connection about bad messages; later ones are logged at debug, so that one peer cannot fill a disk. */
  badMessageWarnings: 5,

  /** Seconds after which a companion that met a full endpoint may ask again. */
  retryAfterSeconds: 1,

  /**
   * Log lines a second of one kind that clients can cause (`connected`, `bad message`), after a burst. At 200 bytes a line
   * one kind fills 86 MB a day at most; a burst shows a household or a test completely.
   */
  logLinesPerSecond: 5,
  logLinesBurst: 50,
} as const
