/**
 * What the protocols need of a message port: a `MessagePort`, a `Worker`, or a wrapper for `postMessage` of an iframe's window that
 * has checked the origin.
 */
export interface MessagePortLike {
  postMessage(message: unknown): void
  addEventListener(type: 'message' | 'close', listener: (event: { readonly data?: unknown }) => void): void
  removeEventListener(type: 'message' | 'close', listener: (event: { readonly data?: unknown }) => void): void
  /** Of a `MessagePort`: lets its messages in. */
  start?(): void
  /** Absent where something else owns the port, as with a worker. */
  close?(): void
}

/**
 * What a port carries in the place of a WebSocket's frames: a string is a text frame, bytes are a binary one, and an object with
 * `closeCode` is a close frame. Anything else is not for us.
 */
export type PortMessage = string | Uint8Array | PortClose

export interface PortClose {
  readonly closeCode: number
  readonly closeReason: string
}

const NO_STATUS = 1005

/** @returns undefined for what is no message of ours. */
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

/** Bytes as they are posted: a copy, because the memory around a Node Buffer would travel with it. */
export function postableBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}
