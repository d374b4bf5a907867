/** Callbacks from a transport to its client. */
export interface WallClockTransportHandlers {
  /** The transport is open: requests can be sent. */
  opened(): void
  /**
   * A message was received; it has not been decoded.
   * @param receivedTicks the client's clock at reception, in ticks, read before any processing.
   */
  message(data: Uint8Array | string, receivedTicks: number): void
  /** The server violated a limit of the transport, such as the maximum message size. */
  violated(reason: string, detail: string): void
  /** A message was received that cannot be from the server: over UDP, from another port. It is counted and ignored. */
  ignored?(reason: 'other-port'): void
  /** The transport is closed. It reopens by itself; messages sent meanwhile are lost. */
  closed(reason: string): void
}

/** Sends and receives wall clock messages without interpreting them. */
export interface WallClockTransport {
  /** URL of the server, for display. */
  readonly url: string
  /** Whether messages are encoded as JSON text instead of the 32-byte binary format. */
  readonly isJson: boolean
  /** Starts to connect. May be called again after {@link stop}. @param now reads the client's clock, in ticks. */
  start(handlers: WallClockTransportHandlers, now: () => number): void
  /** Sends immediately. A message that cannot be sent is dropped. The caller may reuse the buffer afterwards. */
  send(message: Uint8Array | string): void
  /** Closes the transport. No handler is called afterwards. */
  stop(): void
}
