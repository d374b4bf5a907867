// What a companion takes from a server, over any of its WebSockets: every figure, and why.

/** Bytes of one message. A CII message is a few kilobytes; this leaves room for private data. */
export const DEFAULT_MAX_MESSAGE_BYTES: number = 1024 * 1024

/** Name look-up, TCP, TLS and the upgrade together. A television on the same network needs milliseconds. */
export const DEFAULT_HANDSHAKE_TIMEOUT_SECONDS = 10

/**
 * Messages of CII and TS come when something changes: a few a minute. Even a server that sends a control timestamp for
 * every frame of a 120 Hz display stays below.
 */
export const DEFAULT_MAX_MESSAGES_PER_SECOND = 200

/** A message counts once for every kibibyte, so that the bound holds for parsing, and not only for counting. */
export const BYTES_PER_COUNTED_MESSAGE = 1024

/** Between the first and the last byte of a message: 1 MiB at 0.5 Mbit/s takes 17 s. */
export const DEFAULT_MESSAGE_TIMEOUT_SECONDS = 20

/** Bytes that may wait to be sent before further messages are dropped: ours are below 1 KiB, so the server does not read. */
export const MAX_BUFFERED_BYTES: number = 64 * 1024

/** A server that has not read for so long is left. The servers of this package do the same to their clients. */
export const SEND_TIMEOUT_SECONDS = 20

/**
 * The frames of one message. Each may keep a whole TCP read of 64 KiB in memory, so this is 8 MiB at worst. No server
 * is known to fragment at all.
 */
export const MAX_FRAGMENTS = 128

/** Pings and pongs. Peers send one every few seconds; answering costs a frame each. */
export const MAX_CONTROL_FRAMES_PER_SECOND = 100

/** Seconds that a closing handshake may take: a server may never answer, and its socket must not keep the process alive. */
export const CLOSE_TIMEOUT_SECONDS = 1

/**
 * How long a companion keeps its position without CSS-TS: the longest wait after close code 1012 (15 s), and a handshake.
 */
export const DEFAULT_HOLD_SECONDS = 20

/** An invalid control timestamp may be followed by a valid one at once; after this long the timeline is asked for anew. */
export const INVALID_TIMESTAMP_SECONDS = 5
