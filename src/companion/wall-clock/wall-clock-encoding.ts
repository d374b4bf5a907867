import { NANOS_PER_SECOND } from '../../clocks/index.js'
import {
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeWallClockJson,
  encodeWallClockMessage,
  parseJson,
  WALL_CLOCK_MESSAGE_BYTES,
  type WallClockMessage,
  WallClockMessageType,
} from '../../messages/index.js'
import { Forgiveness, type LenientWallClockAnswer, readWallClockAnswerLeniently } from '../../messages/lenient/index.js'

const NANOS = BigInt(NANOS_PER_SECOND)

const ORIGINATE_AT = 8

/** Encodes requests that differ only in their originate time. */
export class WallClockRequestWriter {
  readonly #message: WallClockMessage
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #isJson: boolean

  /** @param precisionSeconds precision of the client's clock. Servers ignore it, and the frequency error. */
  constructor(isJson: boolean, precisionSeconds: number, maxFreqErrorPpm: number) {
    const { request } = WallClockMessageType
    this.#isJson = isJson
    this.#message = {
      type: request,
      precisionSeconds,
      maxFreqErrorPpm,
      originateNanos: 0n,
      receiveNanos: 0n,
      transmitNanos: 0n,
    }
    this.#bytes = encodeWallClockMessage(this.#message)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Returns the same buffer each time. @param originate below 10⁹ · 2³². */
  write(originate: bigint): Uint8Array | string {
    if (this.#isJson) return encodeWallClockJson({ ...this.#message, originateNanos: originate })
    this.#view.setUint32(ORIGINATE_AT, Number(originate / NANOS))
    this.#view.setUint32(ORIGINATE_AT + 4, Number(originate % NANOS))
    return this.#bytes
  }
}

/** A cheap check of whether a message has the header of a valid one; always true for text. */
export function isAnswerLike(data: Uint8Array | string): boolean {
  if (typeof data === 'string') return true
  const [version, type = 0] = data
  return data.length === WALL_CLOCK_MESSAGE_BYTES && version === 0 && type <= WallClockMessageType.followUp
}

/** A cheap check of whether a lenient reader may understand a message that is not valid. */
export function mayBeOddAnswer({ length, 1: type = 0 }: Uint8Array | string): boolean {
  return length > WALL_CLOCK_MESSAGE_BYTES || (length === WALL_CLOCK_MESSAGE_BYTES && Number(type) <= 3)
}

/** A decoded answer. */
export interface WallClockAnswer extends LenientWallClockAnswer {
  /** What was accepted in it; undefined if it is read strictly. */
  readonly forgiveness: Forgiveness | undefined
}

/** Decodes an answer in either encoding: bytes or JSON text. @throws MessageError */
export function readWallClockAnswer(data: Uint8Array | string, isStrict: boolean): WallClockAnswer {
  if (!isStrict) {
    const forgiveness = new Forgiveness()
    return { ...readWallClockAnswerLeniently(data, forgiveness), forgiveness }
  }
  const isJson = typeof data === 'string'
  const message = isJson ? decodeWallClockJson(parseJson(data)) : decodeWallClockMessage(data)
  return { message, isJson, forgiveness: undefined }
}
