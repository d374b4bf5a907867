// The limits of a companion's WebSocket connections, each with the reason for its value.

/** Maximum bytes of one message. A CII message has a few kilobytes; this leaves room for private data. */
export const DEFAULT_MAX_MESSAGE_BYTES: number = 1024 * 1024

/** Timeout of name look-up, TCP, TLS and the upgrade together. A television on the same network needs milliseconds. */
export const DEFAULT_HANDSHAKE_TIMEOUT_SECONDS = 10

/**
 * Servers send CII and TS messages after changes, a few per minute. Even a server that sends a control timestamp for every frame of a
 * 120 Hz display stays below this rate.
 */
export const DEFAULT_MAX_MESSAGES_PER_SECOND = 200

/** A message counts once per KiB, so that the limit also bounds the cost of parsing. */
export const BYTES_PER_COUNTED_MESSAGE = 1024

/** Maximum seconds between the first and the last byte of a message: 1 MiB at 0.5 Mbit/s takes 17 s. */
export const DEFAULT_MESSAGE_TIMEOUT_SECONDS = 20

/** Queued bytes above which further messages are dropped. Our messages are below 1 KiB, so such a server is not reading. */
export const MAX_BUFFERED_BYTES: number = 64 * 1024

/** Seconds without reading after which a server is disconnected. The servers of this package treat their clients likewise. */
export const SEND_TIMEOUT_SECONDS = 20

/**
 * Maximum number of frames per message. Each may retain a TCP read of 64 KiB in memory, so the worst case is 8 MiB. No known server
 * fragments its messages.
 */
export const MAX_FRAGMENTS = 128

/** Maximum pings and pongs per second. Peers send one every few seconds, and each ping requires an answer. */
export const MAX_CONTROL_FRAMES_PER_SECOND = 100

/** Timeout of the closing handshake in seconds. The socket of a server that never answers must not keep the process alive. */
export const CLOSE_TIMEOUT_SECONDS = 1

/** Seconds for which a companion holds its position without CSS-TS: the longest wait after close code 1012 (15 s), and a handshake. */
export const DEFAULT_HOLD_SECONDS = 20

/** Seconds without a valid control timestamp after an invalid one, after which the timeline is requested again. */
export const INVALID_TIMESTAMP_SECONDS = 5
