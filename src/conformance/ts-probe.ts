import { handshakeOfUnknownVersion, INVALID_MESSAGES, plainGet } from './endpoint-probe.js'
import { RecordedSocket } from './recorded-socket.js'
import {
  positionOf,
  type SetUpConnection,
  type TsInvalidMessage,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'

/** Not served by any television. */
const UNKNOWN_SELECTOR = 'urn:dvb:css:timeline:dvbcss-check:unknown'
const UNKNOWN_STEM = 'dvbcss-check:no-such-content'
const ANSWER_MILLIS = 3000
/** Used if the first connection received nothing: later ones then need not wait as long. */
const SILENT_MILLIS = 300

/** How long to wait for a response, and for a pong. */
interface Timeouts {
  readonly answerMillis: number
  readonly pingMillis: number | undefined
}

const DEFAULT_TIMEOUTS: Timeouts = { answerMillis: ANSWER_MILLIS, pingMillis: undefined }

interface OpenConnection extends SetUpConnection {
  readonly socket: RecordedSocket
}

/** The endpoint and the setup-data to send. */
export interface TsRequest {
  readonly url: string
  readonly selector: string
  readonly stem: string
}

/** Properties of the timeline that are known from CII and CSS-WC. */
export type KnownTimeline = Pick<TsObservations, 'listed' | 'tickRate' | 'accuracySeconds' | 'wallClockOffsetNanos'>

/** Tests a CSS-TS endpoint. Keeps three connections open during the observation. */
export class TsProbe {
  readonly #request: TsRequest
  readonly #first: OpenConnection
  readonly #unknownSelector: OpenConnection
  readonly #wrongStem: OpenConnection
  readonly #startedAt = performance.now()
  #timeouts = DEFAULT_TIMEOUTS

  private constructor(request: TsRequest, connections: readonly [OpenConnection, OpenConnection, OpenConnection]) {
    this.#request = request
    ;[this.#first, this.#unknownSelector, this.#wrongStem] = connections
  }

  static async open(request: TsRequest): Promise<TsProbe> {
    const { url, selector, stem } = request
    const connections = await Promise.all([
      setUp(url, selector, stem),
      setUp(url, UNKNOWN_SELECTOR, stem),
      setUp(url, selector, UNKNOWN_STEM),
    ])
    return new TsProbe(request, connections)
  }

  close(): void {
    for (const { socket } of [this.#first, this.#unknownSelector, this.#wrongStem]) socket.close()
  }

  /** Runs the tests at the end of the observation. */
  async observe(known: KnownTimeline): Promise<TsObservations> {
    const { url } = this.#request
    const first = this.#first
    const held = first.record
    if (held.openedNanos === undefined) return this.partial(known)
    const observedSeconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const observations = { ...this.#request, ...known, held, first, observedSeconds }
    this.#timeouts = {
      answerMillis: held.frames.length > first.framesBefore ? ANSWER_MILLIS : SILENT_MILLIS,
      pingMillis: held.pongs === held.pings ? undefined : SILENT_MILLIS,
    }
    const last = await this.#answered()
    await Promise.all([first, last, this.#unknownSelector, this.#wrongStem].map((each) => this.#ping(each.socket)))
    const presenting = await this.#present()
    const invalidMessages = [...(await this.#invalidBeforeSetup()), ...(await this.#invalidAfterSetup())]
    const responses = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
    const afterwards = await this.#answered()
    await this.#ping(first.socket)
    const unknownSelector = this.#unknownSelector
    const wrongStem = this.#wrongStem
    for (const { socket } of [last, presenting, afterwards]) socket.close()
    this.close()
    return {
      ...observations,
      ...responses,
      last,
      unknownSelector,
      wrongStem,
      presenting,
      invalidMessages,
      afterwards: afterwards.record,
    }
  }

  /** The observations without the tests at the end. */
  partial(known: KnownTimeline): TsObservations {
    const none = { plainGet: undefined, unknownVersion: undefined, afterwards: undefined, presenting: undefined }
    const connections = { last: undefined, unknownSelector: undefined, wrongStem: undefined, invalidMessages: [] }
    const observedSeconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const { record } = this.#first
    return { ...this.#request, ...known, held: record, first: this.#first, observedSeconds, ...none, ...connections }
  }

  #answered(): Promise<OpenConnection> {
    const { url, selector, stem } = this.#request
    return answered(url, selector, stem, this.#timeouts)
  }

  #ping(socket: RecordedSocket): Promise<boolean> {
    return socket.ping(this.#timeouts.pingMillis)
  }

  async #present(): Promise<OpenConnection> {
    const connection = await this.#answered()
    const { contentTime = 0n, wallClockTime = 0n } = positionOf(timestampsOf(connection)[0]) ?? {}
    const actual = { contentTime: `${contentTime}`, wallClockTime: `${wallClockTime}` }
    const earliest = { contentTime: `${contentTime}`, wallClockTime: 'minusinfinity' }
    const latest = { contentTime: `${contentTime}`, wallClockTime: 'plusinfinity' }
    connection.socket.send(JSON.stringify({ actual, earliest, latest }))
    connection.socket.send(JSON.stringify({ earliest: actual, latest: actual }))
    await this.#ping(connection.socket)
    return connection
  }

  async #invalidBeforeSetup(): Promise<TsInvalidMessage[]> {
    const { url, selector, stem } = this.#request
    const sent: TsInvalidMessage[] = []
    for (const { name, data } of INVALID_MESSAGES) {
      const socket = await RecordedSocket.open(url)
      socket.send(data)
      await this.#ping(socket)
      const before = socket.record.frames.length
      socket.send(setupData(selector, stem))
      const isAnswered = await socket.frames(before + 1, this.#timeouts.answerMillis)
      sent.push({ name, when: 'before', record: socket.record, answered: isAnswered })
      socket.close()
    }
    return sent
  }

  async #invalidAfterSetup(): Promise<TsInvalidMessage[]> {
    const { selector, stem } = this.#request
    const sent: TsInvalidMessage[] = []
    const again = { name: 'setup-data a second time', data: setupData(selector, stem) }
    for (const { name, data } of [...INVALID_MESSAGES, again]) {
      const { socket, record } = await this.#answered()
      socket.send(data)
      await this.#ping(socket)
      sent.push({ name, when: 'after', record, answered: record.frames.length > 0 })
      socket.close()
    }
    return sent
  }
}

function setupData(timelineSelector: string, contentIdStem: string): string {
  return JSON.stringify({ contentIdStem, timelineSelector })
}

async function setUp(
  url: string,
  selector: string,
  stem: string,
  { pingMillis } = DEFAULT_TIMEOUTS,
): Promise<OpenConnection> {
  const socket = await RecordedSocket.open(url)
  // What the server sends unrequested arrives before the pong.
  await socket.ping(pingMillis)
  const framesBefore = socket.record.frames.length
  socket.send(setupData(selector, stem))
  return { socket, record: socket.record, framesBefore }
}

async function answered(url: string, selector: string, stem: string, timeouts: Timeouts): Promise<OpenConnection> {
  const connection = await setUp(url, selector, stem, timeouts)
  await connection.socket.frames(connection.framesBefore + 1, timeouts.answerMillis)
  return connection
}
