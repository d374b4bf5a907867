import type { TsClient } from './connections/index.js'

/** Returns how many seconds the presentation is ahead of the companion's clock; undefined while nothing is presented. */
export type PresentationReader = () => number | undefined

/** Held by a presenter, such as a media follower, while it presents the content of a companion. */
export interface PresentationReporter {
  /** Reports immediately: the presentation changed independently of the timeline. */
  changed(): void
  /** Ends reporting by this presenter. */
  end(): void
}

const INTERVAL_SECONDS = 1
/** Changes in quick succession are combined into one report. */
const SHORTEST_INTERVAL_SECONDS = 0.2
/** A server that closes the connection this soon after a report may have done so because of it. */
const SUSPICIOUS_SECONDS = 1.5
/** After this many such closures in a row, reports stop. */
const SUSPICIONS = 2

/** Reports to the television what a companion presents: every second, and at changes (TS 103 286-2, clause 5.7.4). */
export class CompanionPresentation {
  readonly #client: () => TsClient | undefined
  readonly #refused: (detail: string) => void
  /** The last one reports. If it ends, the one before does. */
  #readers: readonly PresentationReader[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStarted = false
  #isRefused = false
  #sentAt = Number.NEGATIVE_INFINITY
  /** When the first report was sent on the present connection. */
  #firstSentAt: number | undefined
  #suspicions = 0

  /**
   * @param client the client of the timeline, while there is one
   * @param refused called when the server rejects reports; no more are sent
   */
  constructor(client: () => TsClient | undefined, refused: (detail: string) => void) {
    this.#client = client
    this.#refused = refused
  }

  start(): void {
    this.#isStarted = true
    this.#schedule(INTERVAL_SECONDS)
  }

  stop(): void {
    this.#isStarted = false
    clearTimeout(this.#timer)
  }

  /** Reports by this reader from now on, until it ends. */
  present(reader: PresentationReader): PresentationReporter {
    this.#readers = [...this.#readers, reader]
    this.changed()
    return {
      changed: () => {
        if (this.#readers.at(-1) === reader) this.changed()
      },
      end: () => {
        this.#readers = this.#readers.filter((each) => each !== reader)
      },
    }
  }

  /** What is presented has changed, or the timeline has. */
  changed(): void {
    const since = performance.now() / 1000 - this.#sentAt
    this.#schedule(Math.max(SHORTEST_INTERVAL_SECONDS - since, 0))
  }

  /** The connection has ended. */
  disconnected(): void {
    const first = this.#firstSentAt
    this.#firstSentAt = undefined
    if (first === undefined || this.#isRefused) return
    const isSoon = performance.now() / 1000 - first < SUSPICIOUS_SECONDS
    this.#suspicions = isSoon ? this.#suspicions + 1 : 0
    if (this.#suspicions < SUSPICIONS) return
    this.#isRefused = true
    this.#refused('the server ends the connection when it receives presentation timestamps; no more are sent')
  }

  #schedule(seconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#isStarted || this.#isRefused) return
    this.#timer = setTimeout(() => {
      this.#send()
      this.#schedule(INTERVAL_SECONDS)
    }, seconds * 1000)
  }

  #send(): void {
    const client = this.#client()
    if (client?.connected !== true || !client.clock.available) return
    const reader = this.#readers.at(-1)
    const aheadSeconds = reader === undefined ? 0 : reader()
    const timestamps = client.presentationTimestamps({
      includeActual: aheadSeconds !== undefined,
      ...(aheadSeconds !== undefined && { aheadSeconds }),
    })
    if (!client.sendPresentationTimestamps(timestamps)) return
    this.#sentAt = performance.now() / 1000
    this.#firstSentAt ??= this.#sentAt
  }
}
