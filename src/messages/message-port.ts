/**
 * The interface that the protocols require of a message port: a `MessagePort`, a `Worker`, or a wrapper for `postMessage` of an
 * iframe's window that checks the origin.
 */
export interface MessagePortLike {
  /** Sends a message to the other port. */
  postMessage(message: unknown): void
  /** Adds a listener for messages that arrive, or that cannot be deserialised. */
  addEventListener(type: 'message' | 'close', listener: (event: { readonly data?: unknown }) => void): void
  /** Removes a listener. */
  removeEventListener(type: 'message' | 'close', listener: (event: { readonly data?: unknown }) => void): void
  /** Starts the delivery of messages. Present on a `MessagePort`. */
  start?(): void
  /** Closes the port. Absent if closing would end more than the connection, as for a worker. */
  close?(): void
}

/**
 * Messages on a port, in place of WebSocket frames: a string is a text frame, bytes are a binary frame, and an object with
 * `closeCode` is a close frame. Anything else is ignored.
 */
export type PortMessage = string | Uint8Array | PortClose

export interface PortClose {
  readonly closeCode: number
  readonly closeReason: string
}

const NO_STATUS = 1005

/** @returns undefined for data that is not such a message. */
export function readPortMessage(data: unknown): PortMessage | undefined {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (typeof data !== 'object' || data === null || !('closeCode' in data)) return undefined
  const { closeCode, closeReason } = data as { closeCode: unknown; closeReason?: unknown }
  return {
    closeCode: typeof closeCode === 'number' ? closeCode : NO_STATUS,
    closeReason: typeof closeReason === 'string' ? closeReason : '',
  }
}

/** Copies bytes before posting, because a Node Buffer would be cloned together with its whole memory pool. */
export function postableBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}
