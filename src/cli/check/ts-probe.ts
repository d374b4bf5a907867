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

interface OpenConnection extends SetUpConnection {
  readonly socket: RecordedSocket
}

/** What a television is asked about its timelines. */
export interface TsQuestion {
  readonly url: string
  readonly selector: string
  readonly stem: string
}

/** The connections that are kept open for the whole of the watch. */
export class TsProbe {
  readonly #question: TsQuestion
  readonly #first: OpenConnection
  readonly #unknownSelector: OpenConnection
  readonly #wrongStem: OpenConnection
  readonly #startedAt = performance.now()

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
  async observe(
    known: Pick<TsObservations, 'listed' | 'tickRate' | 'accuracySeconds' | 'wallClockOffsetNanos'>,
  ): Promise<TsObservations> {
    const { url, selector, stem } = this.#question
    const first = this.#first
    const held = first.record
    const watchedSeconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const seen = { ...this.#question, ...known, held, first, watchedSeconds }
    if (held.openedNanos === undefined) {
      const untried = { plainGet: undefined, unknownVersion: undefined, afterwards: undefined, presenting: undefined }
      return { ...seen, ...untried, last: undefined, unknownSelector: undefined, wrongStem: undefined, rubbish: [] }
    }
    const last = await answered(url, selector, stem)
    await Promise.all([first, last, this.#unknownSelector, this.#wrongStem].map(({ socket }) => socket.ping()))
    const presenting = await this.#present()
    const rubbish = [...(await this.#rubbishBefore()), ...(await this.#rubbishAfter())]
    const answers = { plainGet: await plainGet(url), unknownVersion: await handshakeOfUnknownVersion(url) }
    const afterwards = await answered(url, selector, stem)
    await first.socket.ping()
    const unknownSelector = this.#unknownSelector
    const wrongStem = this.#wrongStem
    for (const { socket } of [last, presenting, afterwards]) socket.close()
    this.close()
    return { ...seen, ...answers, last, unknownSelector, wrongStem, presenting, rubbish, afterwards: afterwards.record }
  }

  async #present(): Promise<OpenConnection> {
    const { url, selector, stem } = this.#question
    const connection = await answered(url, selector, stem)
    const { contentTime = 0n, wallClockTime = 0n } = positionOf(timestampsOf(connection)[0]) ?? {}
    const actual = { contentTime: `${contentTime}`, wallClockTime: `${wallClockTime}` }
    const earliest = { contentTime: `${contentTime}`, wallClockTime: 'minusinfinity' }
    const latest = { contentTime: `${contentTime}`, wallClockTime: 'plusinfinity' }
    connection.socket.send(JSON.stringify({ actual, earliest, latest }))
    connection.socket.send(JSON.stringify({ earliest: actual, latest: actual }))
    await connection.socket.ping()
    return connection
  }

  async #rubbishBefore(): Promise<TsRubbish[]> {
    const { url, selector, stem } = this.#question
    const rubbish: TsRubbish[] = []
    for (const { name, data } of RUBBISH) {
      const socket = await RecordedSocket.open(url)
      socket.send(data)
      await socket.ping()
      const before = socket.record.frames.length
      socket.send(setupData(selector, stem))
      const done = await socket.frames(before + 1, ANSWER_MILLIS)
      rubbish.push({ name, when: 'before', record: socket.record, answered: done })
      socket.close()
    }
    return rubbish
  }

  async #rubbishAfter(): Promise<TsRubbish[]> {
    const { url, selector, stem } = this.#question
    const rubbish: TsRubbish[] = []
    const again = { name: 'setup-data a second time', data: setupData(selector, stem) }
    for (const { name, data } of [...RUBBISH, again]) {
      const { socket, record } = await answered(url, selector, stem)
      socket.send(data)
      await socket.ping()
      rubbish.push({ name, when: 'after', record, answered: record.frames.length > 0 })
      socket.close()
    }
    return rubbish
  }
}

function setupData(timelineSelector: string, contentIdStem: string): string {
  return JSON.stringify({ contentIdStem, timelineSelector })
}

async function setUp(url: string, selector: string, stem: string): Promise<OpenConnection> {
  const socket = await RecordedSocket.open(url)
  // What the server sends without being asked comes before the answer to this.
  await socket.ping()
  const framesBefore = socket.record.frames.length
  socket.send(setupData(selector, stem))
  return { socket, record: socket.record, framesBefore }
}

async function answered(url: string, selector: string, stem: string): Promise<OpenConnection> {
  const connection = await setUp(url, selector, stem)
  await connection.socket.frames(connection.framesBefore + 1, ANSWER_MILLIS)
  return connection
}
