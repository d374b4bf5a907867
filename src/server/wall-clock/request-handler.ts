import type { RemoteEndpoint } from '../../udp/index.js'

/**
 * Why a request got no answer. The wall clock uses these and no others; a handler of another protocol may give reasons
 * of its own, which must be few and fixed, since each is a counter.
 */
export const DROP_REASONS = [
  /** The handler: not the length that this protocol's requests have. */
  'wrong-length',
  /** The handler: a protocol version that it does not speak. */
  'wrong-version',
  /** The handler: a response, a follow-up or an unknown type. Answering one would let two servers answer each other. */
  'not-a-request',
  /** The handler: the clock it tells has no time now. */
  'clock-unavailable',
  /** The server: the sender claims port 0, to which nothing can be sent. */
  'source-port-zero',
  /** The server: `allow` or `deny` excludes this source. */
  'denied',
  /** The server: this source has asked more often than it may. */
  'rate-limited',
  /** The server: all sources together have asked more often than they may. */
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

/** Requests in, answers out: what a request server does, without the socket. */
export interface RequestHandler {
  /**
   * Called first thing on arrival, so a handler that tells the time reads it in its first statement.
   *
   * @param message the request. It belongs to the handler, which may write the answer over it and return it.
   * @returns the bytes to send back, or a reason for sending nothing ({@link DropReason}, or the handler's own).
   */
  handle(message: Uint8Array, remote: RemoteEndpoint): Uint8Array | string

  /**
   * Called as soon as the answer has been handed to the system. What it returns is sent as well.
   *
   * @param answer what `handle` returned. It may still be on its way out: copy it, do not write to it.
   */
  followUp?(answer: Uint8Array, remote: RemoteEndpoint): Uint8Array | undefined
}
