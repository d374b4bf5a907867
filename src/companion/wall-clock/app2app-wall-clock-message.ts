import { DEFAULT_MAX_FREQ_ERROR_PPM, NANOS_PER_SECOND } from '../../clocks/index.js'
import { MessageError, type WallClockMessage, WallClockMessageType } from '../../messages/index.js'

// The format in which applications on televisions serve the wall clock over App2App. It is not specified. Known applications echo `id`
// and `ot` of the request, and encode times as numbers of nanoseconds: {"v":0,"t":1,"p":…,"mfe":…,"id":…,"ot":…,"rt":…,"tt":…}.

/**
 * Lower limit for the stated precision. Applications echo the precision of the request, which is unrelated to their clock: they read
 * `performance.now()`, whose resolution browsers reduce to one millisecond at worst.
 */
export const MIN_PRECISION_SECONDS = 0.001
/** Lower limit for the stated frequency error, which is echoed as well: the value for an oscillator of unknown quality. */
const MIN_FREQ_ERROR_PPM = DEFAULT_MAX_FREQ_ERROR_PPM

const { request, response, followUp } = WallClockMessageType
const MAX_NANOS = 2 ** 32 * NANOS_PER_SECOND

/** An answer in this format. */
export interface App2AppAnswer {
  /** The value echoed from the request: its `id`, or `ot` if the answer has no `id`. */
  readonly id: string
  /** The answer. Its originate time is unknown. */
  readonly message: WallClockMessage
}

/** Adds an id to a request in JSON, which applications echo in their answers. @param id below 2⁵³. */
export function encodeApp2AppRequest(json: string, id: number): string {
  return `${json.slice(0, -1)},"id":${id},"ot":${id}}`
}

/**
 * Decodes an answer. If `p` or `mfe` is absent or invalid, its lower limit is used. Only one of the two times is required, because
 * the error bound only needs one reading of the television's clock between receiving the request and answering it.
 *
 * @returns undefined if the value is not in this format. Answers for {@link decodeWallClockJson} have an originate time with two fields.
 * @throws MessageError
 */
export function decodeApp2AppAnswer(value: unknown): App2AppAnswer | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { t = response, p, mfe, id, ot, otvs, rt, tt } = value as Record<string, unknown>
  if (otvs !== undefined || (id ?? ot) === undefined) return undefined
  if (t !== response && t !== WallClockMessageType.responseWithFollowUp && t !== followUp) {
    throw new MessageError(
      'invalid-value',
      't',
      `a response (${response}, 2 or ${followUp}), not a request (${request})`,
      t,
    )
  }
  const receiveNanos = nanosOf('rt', rt ?? tt)
  const transmitNanos = nanosOf('tt', tt ?? rt)
  return {
    id: idOf(id ?? ot),
    message: {
      type: t as WallClockMessage['type'],
      precisionSeconds: atLeast(MIN_PRECISION_SECONDS, p),
      maxFreqErrorPpm: atLeast(MIN_FREQ_ERROR_PPM, mfe),
      originateNanos: 0n,
      receiveNanos,
      transmitNanos,
    },
  }
}

function idOf(id: unknown): string {
  if (typeof id === 'number' || typeof id === 'string') return String(id).slice(0, 20)
  throw new MessageError('wrong-type', 'id', 'the id of a request', id)
}

/** Reads nanoseconds from a number, which may have a fraction, or from a string of digits. */
function nanosOf(field: string, value: unknown): bigint {
  const isDigits = typeof value === 'string' && /^\d{1,19}$/.test(value)
  const number = isDigits ? Number(value) : value
  if (typeof number !== 'number') {
    throw new MessageError(value === undefined ? 'missing' : 'wrong-type', field, 'nanoseconds', value)
  }
  if (!(number >= 0 && number < MAX_NANOS)) {
    throw new MessageError('invalid-value', field, 'nanoseconds from 0 to below 2³² s', value)
  }
  return isDigits ? BigInt(value as string) : BigInt(Math.floor(number))
}

function atLeast(limit: number, stated: unknown): number {
  return typeof stated === 'number' && Number.isFinite(stated) ? Math.max(stated, limit) : limit
}
