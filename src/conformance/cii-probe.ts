import type { CiiObservations } from './cii-observations.js'
import { handshakeOfUnknownVersion, INVALID_MESSAGES, plainGet } from './endpoint-probe.js'
import { RecordedSocket } from './recorded-socket.js'

const FIRST_MESSAGE_MILLIS = 3000
/** Used if the first connection received nothing: later ones then need not wait as long. */
const SILENT_MILLIS = 300

/** Opens a connection and waits for its first message. */
export async function openCii(url: string, milliseconds: number = FIRST_MESSAGE_MILLIS): Promise<RecordedSocket> {
  const held = await RecordedSocket.open(url)
  await held.frames(1, milliseconds)
  return held
}

/** Tests a CII endpoint at the end of the observation. */
export async function observeCii(url: string, held: RecordedSocket): Promise<CiiObservations> {
  if (held.record.openedNanos === undefined) return partialCii(url, held)
  const pingMillis = (await held.ping()) ? undefined : SILENT_MILLIS
  const messageMillis = held.record.frames.length > 0 ? undefined : SILENT_MILLIS
  const later = await openCii(url, messageMillis)
  // Afterwards, both records have everything that was sent to both before.
  await Promise.all([held.ping(pingMillis), later.ping(pingMillis)])
  const invalidMessages = []
  for (const { name, data } of INVALID_MESSAGES) {
    const socket = await openCii(url, messageMillis)
    socket.send(data)
    await socket.ping(pingMillis)
    invalidMessages.push({ name, record: socket.record })
    socket.close()
  }
  const responses = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
  const afterwards = await openCii(url, messageMillis)
  await held.ping(pingMillis)
  for (const socket of [held, later, afterwards]) socket.close()
  return { url, held: held.record, later: later.record, invalidMessages, afterwards: afterwards.record, ...responses }
}

/** The observations without the tests at the end. */
export function partialCii(url: string, held: RecordedSocket): CiiObservations {
  const none = { later: undefined, afterwards: undefined, plainGet: undefined, unknownVersion: undefined }
  return { url, held: held.record, invalidMessages: [], ...none }
}
