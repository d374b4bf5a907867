/** What a transport tells its client. */
export interface WallClockTransportHandlers {
  /** Requests can be sent from now on. */
  opened(): void
  /**
   * Something came, unread as yet.
   * @param receivedTicks the reading of the client's clock, taken before anything else was done.
   */
  message(data: Uint8Array | string, receivedTicks: number): void
  /** The server broke a rule of the transport itself: a message that is too long to be taken. */
  violated(reason: string, detail: string): void
  /** Something came that cannot be from the server: over UDP, from another port. Counted. */
  ignored?(reason: 'other-port'): void
  /** Nothing can be sent until it opens again, which it tries by itself. */
  closed(reason: string): void
}

/** Carries wall clock requests and responses. It knows neither what is in them nor what they are for. */
export interface WallClockTransport {
  /** For people: where the server is. */
  readonly url: string
  /** Whether messages are JSON text; otherwise they are the 32 bytes. */
  readonly isJson: boolean
  /** Begins to connect. May be called again after {@link stop}. @param now reads the client's clock, in ticks. */
  start(handlers: WallClockTransportHandlers, now: () => number): void
  /** Sends at once; a message that cannot be sent is lost, like any datagram. The bytes may be overwritten afterwards. */
  send(message: Uint8Array | string): void
  /** Closes; the handlers hear nothing more. */
  stop(): void
}
