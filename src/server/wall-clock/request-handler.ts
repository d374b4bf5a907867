import type { RemoteEndpoint } from '../../udp/index.js'

/**
 * Why a request was not answered. The wall clock uses only these; a handler of another protocol may return reasons of its own, which
 * must be few and fixed, because each becomes a counter.
 */
export const DROP_REASONS = [
  /** The handler: the length is not that of a request. */
  'wrong-length',
  /** The handler: unsupported protocol version. */
  'wrong-version',
  /** The handler: a response, a follow-up or an unknown type. Answering one would let two servers answer each other. */
  'not-a-request',
  /** The handler: the clock is unavailable. */
  'clock-unavailable',
  /** The server: the sender claims port 0, to which nothing can be sent. */
  'source-port-zero',
  /** The server: `allow` or `deny` excludes this source. */
  'denied',
  /** The server: this source has exceeded its rate limit. */
  'rate-limited',
  /** The server: all sources together have exceeded the rate limit. */
  'rate-limited-total',
  /** The server: longer than `maxMessageBytes`. */
  'too-large',
  /** The server: the handler threw, or returned neither bytes nor a reason. */
  'handler-error',
  /** The server: the system refused to send the answer. */
  'send-error',
] as const

/** One of {@link DROP_REASONS}: why a request was not answered. */
export type DropReason = (typeof DROP_REASONS)[number]

/** The protocol of a request server, without the socket: turns requests into answers. */
export interface RequestHandler {
  /**
   * Called immediately on receipt, so a handler that needs the receive time should read the clock first.
   *
   * @param message the request. The handler may write the answer over it and return it.
   * @returns the bytes to send back, or a reason for sending nothing ({@link DropReason}, or the handler's own).
   */
  handle(message: Uint8Array, remote: RemoteEndpoint): Uint8Array | string

  /**
   * Called as soon as the answer has been passed to the system. The returned bytes are sent as well.
   *
   * @param answer the return value of `handle`. It may still be in use for sending: copy it, do not write to it.
   */
  followUp?(answer: Uint8Array, remote: RemoteEndpoint): Uint8Array | undefined
}
