import { setTimeout as sleep } from 'node:timers/promises'
import type { Connections } from './connections.js'
import { handshakeOfUnknownVersion, INVALID_MESSAGES, plainGet } from './endpoint-probe.js'
import type { RecordedSocket } from './recorded-socket.js'
import type { Step, StepId } from './step.js'
import {
  type KnownTimeline,
  latestTimestamps,
  positionOf,
  type SetUpConnection,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'
import { deviation } from './ts-position.js'

/** Not served by any television. */
const UNKNOWN_SELECTOR = 'urn:dvb:css:timeline:dvbcss-check:unknown'
const UNKNOWN_STEM = 'dvbcss-check:no-such-content'
const ANSWER_MILLIS = 3000
/** Used if the endpoint has not answered before: then it need not be waited for as long. */
const SILENT_MILLIS = 300
/** Between two measurements that distinguish a timeline that jumped from one that runs at a wrong rate. */
const MIN_RATE_MILLIS = 1000
const MAX_RATE_MILLIS = 5000

interface OpenConnection extends SetUpConnection {
  readonly socket: RecordedSocket
}

/** The endpoint and the setup-data to send. */
export interface TsRequest {
  readonly url: string
  readonly selector: string
  readonly stem: string
}

type Observed = { -readonly [Name in keyof TsObservations]: TsObservations[Name] }

/** Tests a CSS-TS endpoint. Holds a connection during the observation. */
export class TsProbe {
  readonly observed: Observed
  readonly #request: TsRequest
  readonly #connections: Connections
  readonly #first: OpenConnection
  readonly #startedAt = performance.now()

  private constructor(request: TsRequest, known: KnownTimeline, connections: Connections, first: OpenConnection) {
    this.#request = request
    this.#connections = connections
    this.#first = first
    this.observed = {
      ...request,
      ...known,
      wallClockOffsetNanos: undefined,
      held: first.record,
      first,
      last: undefined,
      confirming: undefined,
      unknownSelector: undefined,
      wrongStem: undefined,
      partialStem: undefined,
      presenting: undefined,
      withoutStem: undefined,
      invalidMessages: [],
      ending: undefined,
      plainGet: undefined,
      unknownVersion: undefined,
    }
  }

  /** Opens a connection, sends setup-data, and waits for the answer. */
  static async open(request: TsRequest, known: KnownTimeline, connections: Connections): Promise<TsProbe> {
    const { url, selector, stem } = request
    const first = await setUp(await connections.open(url), setupData(selector, stem))
    await first.socket.frames(first.framesBefore + 1, ANSWER_MILLIS)
    return new TsProbe(request, known, connections, first)
  }

  get isConnected(): boolean {
    return this.observed.held.openedNanos !== undefined
  }

  /** Whether setup-data have not been answered so far. */
  get isSilent(): boolean {
    const { record, framesBefore } = this.#first
    return record.frames.length <= framesBefore
  }

  /** Opens a second connection with the same setup-data beside the first, to compare what the two have received. */
  async openSecond(): Promise<void> {
    await this.#ping(this.#first.socket)
    const last = await this.#answered()
    // Afterwards, the first one has everything that was sent to it before.
    await Promise.all([this.#ping(this.#first.socket), this.#ping(last.socket)])
    this.observed.last = last
    last.socket.close()
    await last.socket.gone
    const deviations = latestTimestamps(this.observed).map((earlier) =>
      deviation(earlier, timestampsOf(last)[0], this.observed),
    )
    if (deviations.length === 0 || deviations.some((each) => each === undefined || each.isWithin)) return
    // Either it jumped without a message, or it runs at another rate than stated: only time can tell.
    const observedMillis = performance.now() - this.#startedAt
    await sleep(Math.min(MAX_RATE_MILLIS, Math.max(MIN_RATE_MILLIS, observedMillis / 2)))
    const confirming = await this.#answered()
    this.observed.confirming = confirming
    confirming.socket.close()
  }

  /** Ends the first connection. */
  async release(): Promise<void> {
    await this.#ping(this.#first.socket)
    this.#first.socket.close()
    await this.#first.socket.gone
  }

  isAlive(): Promise<boolean> {
    return this.#connections.isAlive(this.#request.url)
  }

  /** @param contentId the content id in CII, if known */
  ordinarySteps(contentId: string | undefined): Step[] {
    const { selector, stem } = this.#request
    const steps = [
      this.#setUpStep('ts-unknown-selector', 'an unknown timelineSelector to CSS-TS', 'unknownSelector', {
        timelineSelector: UNKNOWN_SELECTOR,
        contentIdStem: stem,
      }),
      this.#setUpStep('ts-other-stem', 'another contentIdStem to CSS-TS', 'wrongStem', {
        timelineSelector: selector,
        contentIdStem: UNKNOWN_STEM,
      }),
    ]
    if (contentId !== undefined && stem === '') {
      const contentIdStem = contentId.slice(0, Math.ceil(contentId.length / 2))
      const data = { timelineSelector: selector, contentIdStem }
      steps.push(this.#setUpStep('ts-partial-stem', 'the start of the content id to CSS-TS', 'partialStem', data))
    }
    const present = {
      id: 'ts-presentation-timestamps',
      name: 'presentation timestamps to CSS-TS',
      run: () => this.#present(),
    } as const
    return [...steps, present]
  }

  unusualSteps(): Step[] {
    const { url, selector, stem } = this.#request
    const withoutStem = this.#setUpStep('ts-no-stem', 'setup-data without contentIdStem to CSS-TS', 'withoutStem', {
      timelineSelector: selector,
    })
    return [
      // Equivalent to an empty stem, so that another one may rightly get another answer.
      ...(stem === '' ? [withoutStem] : []),
      {
        id: 'ts-plain-get',
        name: 'a GET request without an upgrade to CSS-TS',
        run: async () => {
          this.observed.plainGet = await plainGet(url)
        },
      },
      {
        id: 'ts-unknown-version',
        name: 'a handshake with an unknown WebSocket version to CSS-TS',
        run: async () => {
          this.observed.unknownVersion = await handshakeOfUnknownVersion(url)
        },
      },
    ]
  }

  rubbishSteps(): Step[] {
    const { selector, stem } = this.#request
    const again = { name: 'setup-data a second time', data: setupData(selector, stem) }
    const before = INVALID_MESSAGES.map(({ name, data }): Step => {
      const sentAs = `${name} to CSS-TS before setup-data`
      return { id: 'ts-rubbish-before-setup', name: sentAs, run: () => this.#sendBefore(name, sentAs, data) }
    })
    const after = [...INVALID_MESSAGES, again].map(({ name, data }): Step => {
      const sentAs = `${name} to CSS-TS after setup-data`
      return { id: 'ts-rubbish-after-setup', name: sentAs, run: () => this.#sendAfter(name, sentAs, data) }
    })
    return [...before, ...after]
  }

  #setUpStep(
    id: StepId,
    name: string,
    observed: 'unknownSelector' | 'wrongStem' | 'partialStem' | 'withoutStem',
    data: object,
  ): Step {
    return {
      id,
      name,
      run: async () => {
        const connection = await this.#answered(JSON.stringify(data))
        await this.#ping(connection.socket)
        this.observed[observed] = connection
        connection.socket.close()
      },
    }
  }

  async #present(): Promise<void> {
    const connection = await this.#answered()
    const { contentTime = 0n, wallClockTime = 0n } = positionOf(timestampsOf(connection)[0]) ?? {}
    const actual = { contentTime: `${contentTime}`, wallClockTime: `${wallClockTime}` }
    const earliest = { contentTime: `${contentTime}`, wallClockTime: 'minusinfinity' }
    const latest = { contentTime: `${contentTime}`, wallClockTime: 'plusinfinity' }
    connection.socket.send(JSON.stringify({ actual, earliest, latest }))
    connection.socket.send(JSON.stringify({ earliest: actual, latest: actual }))
    await this.#ping(connection.socket)
    this.observed.presenting = connection
    connection.socket.close()
  }

  async #sendBefore(name: string, sentAs: string, data: string | Uint8Array): Promise<void> {
    const { url, selector, stem } = this.#request
    const socket = await this.#connections.open(url)
    socket.send(data)
    await this.#ping(socket)
    const before = socket.record.frames.length
    socket.send(setupData(selector, stem))
    const answered = await socket.frames(before + 1, this.#answerMillis)
    this.#record({ name, sentAs, when: 'before', record: socket.record, answered })
    socket.close()
  }

  async #sendAfter(name: string, sentAs: string, data: string | Uint8Array): Promise<void> {
    const { socket, record } = await this.#answered()
    socket.send(data)
    await this.#ping(socket)
    this.#record({ name, sentAs, when: 'after', record, answered: record.frames.length > 0 })
    socket.close()
  }

  #record(sent: TsObservations['invalidMessages'][number]): void {
    this.observed.invalidMessages = [...this.observed.invalidMessages, sent]
  }

  async #answered(data = setupData(this.#request.selector, this.#request.stem)): Promise<OpenConnection> {
    const connection = await setUp(await this.#connections.open(this.#request.url), data, this.#pingMillis)
    await connection.socket.frames(connection.framesBefore + 1, this.#answerMillis)
    return connection
  }

  #ping(socket: RecordedSocket): Promise<boolean> {
    return socket.ping(this.#pingMillis)
  }

  get #answerMillis(): number {
    return this.isSilent ? SILENT_MILLIS : ANSWER_MILLIS
  }

  get #pingMillis(): number | undefined {
    const { pings, pongs } = this.observed.held
    return pongs < pings ? SILENT_MILLIS : undefined
  }
}

function setupData(timelineSelector: string, contentIdStem: string): string {
  return JSON.stringify({ contentIdStem, timelineSelector })
}

async function setUp(socket: RecordedSocket, data: string, pingMillis?: number): Promise<OpenConnection> {
  // What the server sends unrequested arrives before the pong.
  await socket.ping(pingMillis)
  const framesBefore = socket.record.frames.length
  const setUpNanos = process.hrtime.bigint()
  socket.send(data)
  return { socket, record: socket.record, framesBefore, setUpNanos }
}
