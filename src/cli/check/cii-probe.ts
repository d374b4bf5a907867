import type { CiiObservations } from './cii-observations.js'
import { handshakeOfUnknownVersion, plainGet } from './http-probe.js'
import { RecordedSocket } from './recorded-socket.js'
import { RUBBISH } from './rubbish.js'

const FIRST_MESSAGE_MILLIS = 3000

/** Opens the connection that is kept for the whole of the watch, and waits for its first message. */
export async function openCii(url: string): Promise<RecordedSocket> {
  const held = await RecordedSocket.open(url)
  await held.frames(1, FIRST_MESSAGE_MILLIS)
  return held
}

/** What is asked of a CII endpoint at the end of the watch. */
export async function observeCii(url: string, held: RecordedSocket): Promise<CiiObservations> {
  if (held.record.openedNanos === undefined) {
    const none = { later: undefined, afterwards: undefined, plainGet: undefined, unknownVersion: undefined }
    return { url, held: held.record, rubbish: [], ...none }
  }
  await held.ping()
  const later = await openCii(url)
  // What was sent to both before is in both records then.
  await Promise.all([held.ping(), later.ping()])
  const rubbish = []
  for (const { name, data } of RUBBISH) {
    const socket = await openCii(url)
    socket.send(data)
    await socket.ping()
    rubbish.push({ name, record: socket.record })
    socket.close()
  }
  const answers = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
  const afterwards = await openCii(url)
  await held.ping()
  for (const socket of [held, later, afterwards]) socket.close()
  return { url, held: held.record, later: later.record, rubbish, afterwards: afterwards.record, ...answers }
}
