import { handshakeOfUnknownVersion, plainGet } from './http-probe.js'
import { RecordedSocket } from './recorded-socket.js'
import { RUBBISH } from './rubbish.js'
import {
  positionOf,
  type SetUpConnection,
  type TsObservations,
  type TsRubbish,
  timestampsOf,
} from './ts-observations.js'

/** Nothing that anybody would serve. */
const UNKNOWN_SELECTOR = 'urn:dvb:css:timeline:dvbcss-check:unknown'
const UNKNOWN_STEM = 'dvbcss-check:no-such-content'
const ANSWER_MILLIS = 3000
/** Where the first connection has waited in vain, the later ones need not wait as long. */
const SILENT_MILLIS = 300

/** How long to wait for an answer, and for a pong. */
interface Patience {
  readonly answerMillis: number
  readonly pingMillis: number | undefined
}

const PATIENT: Patience = { answerMillis: ANSWER_MILLIS, pingMillis: undefined }

interface OpenConnection extends SetUpConnection {
  readonly socket: RecordedSocket
}

/** What a television is asked about its timelines. */
export interface TsQuestion {
  readonly url: string
  readonly selector: string
  readonly stem: string
}

/** What is known of the timeline from elsewhere. */
export type KnownTimeline = Pick<TsObservations, 'listed' | 'tickRate' | 'accuracySeconds' | 'wallClockOffsetNanos'>

/** The connections that are kept open for the whole of the watch. */
export class TsProbe {
  readonly #question: TsQuestion
  readonly #first: OpenConnection
  readonly #unknownSelector: OpenConnection
  readonly #wrongStem: OpenConnection
  readonly #startedAt = performance.now()
  #patience = PATIENT

  private constructor(question: TsQuestion, connections: readonly [OpenConnection, OpenConnection, OpenConnection]) {
    this.#question = question
    ;[this.#first, this.#unknownSelector, this.#wrongStem] = connections
  }

  static async open(question: TsQuestion): Promise<TsProbe> {
    const { url, selector, stem } = question
    const connections = await Promise.all([
      setUp(url, selector, stem),
      setUp(url, UNKNOWN_SELECTOR, stem),
      setUp(url, selector, UNKNOWN_STEM),
    ])
    return new TsProbe(question, connections)
  }

  close(): void {
    for (const { socket } of [this.#first, this.#unknownSelector, this.#wrongStem]) socket.close()
  }

  /** The rest, at the end of the watch. */
  async observe(known: KnownTimeline): Promise<TsObservations> {
    const { url } = this.#question
    const first = this.#first
    const held = first.record
    if (held.openedNanos === undefined) return this.untried(known)
    const watchedSeconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const seen = { ...this.#question, ...known, held, first, watchedSeconds }
    this.#patience = {
      answerMillis: held.frames.length > first.framesBefore ? ANSWER_MILLIS : SILENT_MILLIS,
      pingMillis: held.pongs === held.pings ? undefined : SILENT_MILLIS,
    }
    const last = await this.#answered()
    await Promise.all([first, last, this.#unknownSelector, this.#wrongStem].map((each) => this.#ping(each.socket)))
    const presenting = await this.#present()
    const rubbish = [...(await this.#rubbishBefore()), ...(await this.#rubbishAfter())]
    const answers = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
    const afterwards = await this.#answered()
    await this.#ping(first.socket)
    const unknownSelector = this.#unknownSelector
    const wrongStem = this.#wrongStem
    for (const { socket } of [last, presenting, afterwards]) socket.close()
    this.close()
    return { ...seen, ...answers, last, unknownSelector, wrongStem, presenting, rubbish, afterwards: afterwards.record }
  }

  /** What is known without asking anything at the end of the watch. */
  untried(known: KnownTimeline): TsObservations {
    const none = { plainGet: undefined, unknownVersion: undefined, afterwards: undefined, presenting: undefined }
    const connections = { last: undefined, unknownSelector: undefined, wrongStem: undefined, rubbish: [] }
    const watchedSeconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const { record } = this.#first
    return { ...this.#question, ...known, held: record, first: this.#first, watchedSeconds, ...none, ...connections }
  }

  #answered(): Promise<OpenConnection> {
    const { url, selector, stem } = this.#question
    return answered(url, selector, stem, this.#patience)
  }

  #ping(socket: RecordedSocket): Promise<boolean> {
    return socket.ping(this.#patience.pingMillis)
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

  async #rubbishBefore(): Promise<TsRubbish[]> {
    const { url, selector, stem } = this.#question
    const rubbish: TsRubbish[] = []
    for (const { name, data } of RUBBISH) {
      const socket = await RecordedSocket.open(url)
      socket.send(data)
      await this.#ping(socket)
      const before = socket.record.frames.length
      socket.send(setupData(selector, stem))
      const done = await socket.frames(before + 1, this.#patience.answerMillis)
      rubbish.push({ name, when: 'before', record: socket.record, answered: done })
      socket.close()
    }
    return rubbish
  }

  async #rubbishAfter(): Promise<TsRubbish[]> {
    const { selector, stem } = this.#question
    const rubbish: TsRubbish[] = []
    const again = { name: 'setup-data a second time', data: setupData(selector, stem) }
    for (const { name, data } of [...RUBBISH, again]) {
      const { socket, record } = await this.#answered()
      socket.send(data)
      await this.#ping(socket)
      rubbish.push({ name, when: 'after', record, answered: record.frames.length > 0 })
      socket.close()
    }
    return rubbish
  }
}

function setupData(timelineSelector: string, contentIdStem: string): string {
  return JSON.stringify({ contentIdStem, timelineSelector })
}

async function setUp(url: string, selector: string, stem: string, { pingMillis } = PATIENT): Promise<OpenConnection> {
  const socket = await RecordedSocket.open(url)
  // What the server sends without being asked comes before the answer to this.
  await socket.ping(pingMillis)
  const framesBefore = socket.record.frames.length
  socket.send(setupData(selector, stem))
  return { socket, record: socket.record, framesBefore }
}

async function answered(url: string, selector: string, stem: string, patience: Patience): Promise<OpenConnection> {
  const connection = await setUp(url, selector, stem, patience)
  await connection.socket.frames(connection.framesBefore + 1, patience.answerMillis)
  return connection
}
