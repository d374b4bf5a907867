import type { CiiObservations } from './cii-observations.js'
import { handshakeOfUnknownVersion, plainGet } from './http-probe.js'
import { RecordedSocket } from './recorded-socket.js'
import { RUBBISH } from './rubbish.js'

const FIRST_MESSAGE_MILLIS = 3000
/** Where the first connection has waited in vain, the later ones need not wait as long. */
const SILENT_MILLIS = 300

/** Opens the connection that is kept for the whole of the watch, and waits for its first message. */
export async function openCii(url: string, milliseconds: number = FIRST_MESSAGE_MILLIS): Promise<RecordedSocket> {
  const held = await RecordedSocket.open(url)
  await held.frames(1, milliseconds)
  return held
}

/** What is asked of a CII endpoint at the end of the watch. */
export async function observeCii(url: string, held: RecordedSocket): Promise<CiiObservations> {
  if (held.record.openedNanos === undefined) return untriedCii(url, held)
  const pingMillis = (await held.ping()) ? undefined : SILENT_MILLIS
  const messageMillis = held.record.frames.length > 0 ? undefined : SILENT_MILLIS
  const later = await openCii(url, messageMillis)
  // What was sent to both before is in both records then.
  await Promise.all([held.ping(pingMillis), later.ping(pingMillis)])
  const rubbish = []
  for (const { name, data } of RUBBISH) {
    const socket = await openCii(url, messageMillis)
    socket.send(data)
    await socket.ping(pingMillis)
    rubbish.push({ name, record: socket.record })
    socket.close()
  }
  const answers = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
  const afterwards = await openCii(url, messageMillis)
  await held.ping(pingMillis)
  for (const socket of [held, later, afterwards]) socket.close()
  return { url, held: held.record, later: later.record, rubbish, afterwards: afterwards.record, ...answers }
}

/** What is known without asking anything at the end of the watch. */
export function untriedCii(url: string, held: RecordedSocket): CiiObservations {
  const none = { later: undefined, afterwards: undefined, plainGet: undefined, unknownVersion: undefined }
  return { url, held: held.record, rubbish: [], ...none }
}
