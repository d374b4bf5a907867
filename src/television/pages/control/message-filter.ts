import type { MessageEntry } from '../../protocol/index.js'

/** Which messages are shown. An empty value lets all pass. */
export interface MessageFilter {
  readonly text: string
  readonly direction: '' | MessageEntry['direction']
  /** `state`: CII and TS, without the wall clock, whose messages are many and all alike. */
  readonly endpoint: '' | 'state' | MessageEntry['endpoint']
  /** The key of a companion. */
  readonly companion: string
}

export const FIRST_FILTER: MessageFilter = { text: '', direction: '', endpoint: 'state', companion: '' }

/** @param companionOf the key of the companion of a connection */
export function passes(
  { text, direction, endpoint, companion }: MessageFilter,
  entry: MessageEntry,
  companionOf: (connection: string) => string | undefined,
): boolean {
  if (direction !== '' && entry.direction !== direction) return false
  if (endpoint === 'state' ? entry.endpoint === 'wc' : endpoint !== '' && entry.endpoint !== endpoint) return false
  if (companion !== '' && companionOf(entry.connection) !== companion) return false
  if (text === '') return true
  const { connection, remoteAddress, rejected } = entry
  const where = `${entry.text} ${connection} ${remoteAddress} ${rejected ?? ''}`.toLowerCase()
  return where.includes(text.toLowerCase())
}
