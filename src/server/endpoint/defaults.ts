/** Every default of the servers, with its unit and the reason for it. */
export const DEFAULTS = {
  /** A television serves a living room, a service serves thousands: only the app knows its ceiling. */
  maxConnections: Number.POSITIVE_INFINITY as number,

  /** Bytes of one message. The longest honest message here is a CII with private data: a few kilobytes. */
  maxMessageBytes: 65_536,

  /** Bytes of a CSS-TS message, whose content the server keeps as long as the connection lasts. Honest ones have a few hundred. */
  maxKeptMessageBytes: 8192,

  /** Bytes of an App2App message: what every television has to relay (ETSI TS 102 796, clause 14.5). */
  maxRelayedMessageBytes: 131_072,

  /** Bytes that wait for one client of App2App before its peer is not read any more. Beside the operating system's buffers, which are several times as large. */
  maxBufferedRelayBytes: 65_536,

  /** Clients that wait on one side of an App2App channel: a household has fewer companions. */
  maxWaitingPerChannel: 16,

  /** Messages that could not be understood, per connection, before it is closed with 1008: enough for any bug, too few for a flood. */
  maxBadMessages: 100,

  /** Seconds from the upgrade request to the open connection, the app's own hooks included. Node itself has no limit here. */
  handshakeTimeoutSeconds: 10,

  /**
   * Seconds that other upgrade listeners of the app have to take a socket for whose path there is no route, before it gets its
   * 404. Enough to look up a session or to connect to an upstream server.
   */
  unroutedUpgradeTimeoutSeconds: 5,

  /**
   * Seconds that a peer has, when the app closes, to answer a close frame or to complete a request before its socket
   * is destroyed. Below a second, so that `app.close()` is too.
   */
  closeTimeoutSeconds: 0.8,

  /** Seconds after which a closing app reports what it waits for. Long enough for an honest request to end by itself. */
  closeReportAfterSeconds: 5,

  /** Seconds between further reports: often enough to see the numbers change, too seldom to fill a log. */
  closeReportIntervalSeconds: 30,

  /** Seconds between pings. A peer that has shown no life for two of them is gone: behind a NAT or on Wi-Fi nobody would ever say so. */
  heartbeatIntervalSeconds: 30,

  /** Seconds in which a peer must have read all that waits for it. Bad Wi-Fi comes back within seconds; TCP would wait minutes. */
  sendTimeoutSeconds: 20,

  /** Seconds from the first byte of a message to its last. The longest is 64 KiB, and bad Wi-Fi comes back within seconds. */
  messageTimeoutSeconds: 10,

  /** Bytes that may wait in the process for one client. An app's burst of messages fits; a thousand stalled clients cost a gigabyte at most. */
  maxBufferedBytes: 1_048_576,

  /** The same for the wall clock, whose answers are worthless once they have waited: a hundred in JSON, in some 150 KB of heap. */
  maxBufferedAnswerBytes: 16_384,

  /**
   * Pings and unsolicited pongs a second of one connection; a peer that sends more is closed with 1008. Legitimate peers
   * send a handful a second at most, though those of a few seconds may arrive at once after a stall of the network. Fewer than the
   * 60 pings at which `ws` destroys the socket when its pongs have not been sent.
   */
  controlFramesPerSecond: 50,

  /**
   * Bytes of one connection after which others get a turn. Node reads up to 2 MiB of a socket at once, whose processing takes
   * some 500 ms in frames of 8 bytes, and 50 ms in messages of 64 KiB. The 64 KiB at hand are still processed, so less would change little.
   */
  bytesBeforeYielding: 65_536,
  /** Bytes for which each frame counts beside its payload: a short message takes as long as some 100 bytes of JSON. */
  bytesOfFrame: 128,

  /** Frames that are read after a close frame was sent: those on their way fit, those of a flood are not parsed. */
  framesAfterClose: 100,

  /** Connections of one remote address: a household behind one NAT is one address, and so is a proxy. Only the app knows. */
  maxConnectionsPerAddress: Number.POSITIVE_INFINITY as number,

  /** Handshakes a second of one remote address: after a restart a household's companions all come back at once. Only the app knows how many. */
  maxHandshakesPerSecond: Number.POSITIVE_INFINITY as number,

  /** Messages a second of one remote address: companions report their presentation as often as they like. */
  maxMessagesPerSecond: Number.POSITIVE_INFINITY as number,

  /** Requests a second of one source of the wall clock: a household behind one NAT is one source. Only the app knows how many companions it has. */
  maxRequestsPerSecond: Number.POSITIVE_INFINITY as number,

  /**
   * The same of all addresses together. No figure is right for a living room and for a service, and one that is too low drops
   * what honest clients send: a client of CSS-TS sends its setup data once. Without a limit the CPU is the limit.
   */
  maxHandshakesPerSecondTotal: Number.POSITIVE_INFINITY as number,
  maxMessagesPerSecondTotal: Number.POSITIVE_INFINITY as number,
  maxRequestsPerSecondTotal: Number.POSITIVE_INFINITY as number,

  /** New sources whose rate is remembered, and as many known ones: 250 bytes each, so that a flood of forged addresses costs at most 5 MB for each limit. */
  rateLimitedSources: 10_000,

  /** Seconds from the first sight of a source until it is a known one: longer than one burst of a flood, shorter than a companion needs to notice. */
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
