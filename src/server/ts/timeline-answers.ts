import type { Clock } from '../../clocks/index.js'
import { type ControlTimestamp, encodeControlTimestamp } from '../../messages/index.js'
import { contentIdMatches, type TimelineSource, wireTime } from '../../timelines/index.js'

/**
 * How many times in a row a source may cause a change by being asked. A few are legitimate: a source that starts working when
 * it is first asked announces its timelines. A source that changes something each time would keep the server busy for ever.
 */
const MAX_CHANGES_WHILE_ASKED = 64

/** The control timestamp for the clients of a timeline. */
export interface TimelineAnswer {
  readonly timestamp: ControlTimestamp
  /** The timestamp as it is on the wire, encoded once for all clients that get it. */
  readonly message: Uint8Array
}

/** A timeline that clients have requested. */
interface Timeline<Client> {
  readonly clients: Set<Client>
  /** The sources that recognise it, in the order in which they were attached. */
  sources: TimelineSource[]
  /** The answer in the slice with this number. */
  answer: TimelineAnswer | undefined
  answeredInSlice: number
}

export interface TimelineAnswersHandlers {
  /** Called when a source has thrown; the source is skipped. */
  failed(source: TimelineSource, error: unknown): void
  /** Called when a source changes something each time it is asked. These changes are ignored until it is asked once without one. */
  unsettled(source: TimelineSource): void
}

/**
 * The timeline sources of a server and the timelines that its clients have requested. Clients are indexed by timeline, so the cost
 * of a change depends only on the number of clients of that timeline.
 */
export class TimelineAnswers<Client> {
  /** The wall clock time of answers that say that a timeline is unavailable. */
  wallClock: Clock
  readonly #handlers: TimelineAnswersHandlers
  readonly #sources = new Set<TimelineSource>()
  readonly #timelines = new Map<string, Timeline<Client>>()
  /** Counts slices of rounds: within one, each timeline is asked for once. */
  #slice = 0
  #unavailable: { answer: TimelineAnswer; slice: number } | undefined
  /** The source that is currently asked, and whether anything has changed meanwhile. */
  #asked: TimelineSource | undefined
  #changedWhileAsked = false
  readonly #changesInARow = new WeakMap<TimelineSource, number>()
  /** Whether any source has ever changed something while it was asked, which is rare. */
  #anyChanges = false

  constructor(wallClock: Clock, handlers: TimelineAnswersHandlers) {
    this.wallClock = wallClock
    this.#handlers = handlers
  }

  /** @returns the timelines for which the source was added; undefined if it was already attached. */
  attach(source: TimelineSource): string[] | undefined {
    if (this.#sources.has(source)) return undefined
    this.#sources.add(source)
    return [...this.#timelines].filter(([selector]) => this.#add(source, selector)).map(([selector]) => selector)
  }

  /** @returns the timelines from which the source was removed; undefined if it was not attached. */
  remove(source: TimelineSource): string[] | undefined {
    if (!this.#sources.has(source)) return undefined
    const affected: string[] = []
    for (const [selector, timeline] of [...this.#timelines]) {
      if (!timeline.sources.includes(source)) continue
      timeline.sources = timeline.sources.filter((other) => other !== source)
      affected.push(selector)
      this.#notify(source, 'release', selector)
    }
    this.#sources.delete(source)
    return affected
  }

  /** Adds a client of this timeline. */
  need(selector: string, client: Client): void {
    const known = this.#timelines.get(selector)
    if (known !== undefined) {
      known.clients.add(client)
      return
    }
    this.#timelines.set(selector, {
      clients: new Set([client]),
      sources: [],
      answer: undefined,
      answeredInSlice: -1,
    })
    for (const source of [...this.#sources]) this.#add(source, selector)
  }

  /** Removes a client of this timeline. */
  release(selector: string, client: Client): void {
    const timeline = this.#timelines.get(selector)
    if (timeline === undefined || !timeline.clients.delete(client) || timeline.clients.size > 0) return
    this.#timelines.delete(selector)
    for (const source of timeline.sources) this.#notify(source, 'release', selector)
  }

  /** The clients of a timeline that has changed. */
  changed(selector: string): Iterable<Client> {
    const timeline = this.#timelines.get(selector)
    if (timeline === undefined) return []
    timeline.answeredInSlice = -1
    return timeline.clients
  }

  /** Begins a slice: sources are asked again for every timeline. */
  beginSlice(): void {
    this.#slice += 1
  }

  /**
   * Whether a change counts. A change that a source makes while it is asked does not count once that has happened
   * {@link MAX_CHANGES_WHILE_ASKED} times in a row.
   */
  acceptsChange(): boolean {
    if (this.#asked === undefined) return true
    const before = this.#changesInARow.get(this.#asked) ?? 0
    if (!this.#changedWhileAsked) {
      this.#changedWhileAsked = true
      this.#changesInARow.set(this.#asked, before + 1)
      this.#anyChanges = true
      if (before === MAX_CHANGES_WHILE_ASKED) this.#handlers.unsettled(this.#asked)
    }
    return (this.#changesInARow.get(this.#asked) ?? 0) <= MAX_CHANGES_WHILE_ASKED
  }

  /** @returns the answer for the clients of this timeline; undefined while it is unknown. */
  find(contentId: string | null, contentIdStem: string, selector: string): TimelineAnswer | undefined {
    if (!contentIdMatches(contentId, contentIdStem)) return this.#notAvailable()
    const timeline = this.#timelines.get(selector)
    if (timeline === undefined) return this.#notAvailable()
    if (timeline.answeredInSlice === this.#slice) return timeline.answer
    // First, because any change while the sources are asked makes this answer outdated.
    timeline.answeredInSlice = this.#slice
    timeline.answer = this.#ask(timeline, selector)
    return timeline.answer
  }

  /** The first source that has the timeline decides. A source that does not know yet suppresses the "unavailable" of the others. */
  #ask({ sources, answer: before }: Timeline<Client>, selector: string): TimelineAnswer | undefined {
    let unavailable: TimelineAnswer | undefined
    let unknown = false
    for (const source of sources) {
      const answer = this.#askOne(source, selector, before)
      if (answer === undefined) unknown = true
      else if (answer !== 'not mine' && answer.timestamp.contentTime !== null) return answer
      else if (answer !== 'not mine') unavailable ??= answer
    }
    return unknown ? undefined : (unavailable ?? this.#notAvailable())
  }

  /** @param before the last answer, so that an unchanged timestamp is not encoded again. */
  #askOne(
    source: TimelineSource,
    selector: string,
    before: TimelineAnswer | undefined,
  ): TimelineAnswer | undefined | 'not mine' {
    // A source may send an update while it is asked, to a client for which it must be asked in turn.
    const outer = this.#asked
    const outerChanged = this.#changedWhileAsked
    this.#asked = source
    this.#changedWhileAsked = false
    try {
      if (!source.recognises(selector)) return 'not mine'
      const timestamp = source.controlTimestamp(selector)
      // A timestamp that cannot be encoded is a fault of the source, not of the client.
      if (timestamp === undefined) return undefined
      return timestamp === before?.timestamp ? before : answerOf(timestamp)
    } catch (error) {
      this.#handlers.failed(source, error)
      return 'not mine'
    } finally {
      if (!this.#changedWhileAsked && this.#anyChanges) this.#changesInARow.delete(source)
      this.#asked = outer
      this.#changedWhileAsked = outerChanged
    }
  }

  #notAvailable(): TimelineAnswer {
    if (this.#unavailable?.slice !== this.#slice) {
      const wallClockTime = wireTime(this.wallClock.nanos())
      const answer = answerOf({ contentTime: null, wallClockTime, timelineSpeedMultiplier: null })
      this.#unavailable = { answer, slice: this.#slice }
    }
    return this.#unavailable.answer
  }

  /** @returns whether the source may have the timeline. */
  #add(source: TimelineSource, selector: string): boolean {
    // A source that was notified earlier may have removed this one.
    if (!this.#sources.has(source)) return false
    try {
      if (!source.recognises(selector)) return false
    } catch (error) {
      this.#handlers.failed(source, error)
    }
    const timeline = this.#timelines.get(selector)
    // Or it may have closed the timeline's only client.
    if (timeline === undefined) return false
    timeline.sources.push(source)
    this.#notify(source, 'need', selector)
    return true
  }

  #notify(source: TimelineSource, what: 'need' | 'release', selector: string): void {
    if (!this.#sources.has(source)) return
    try {
      source[what](selector)
    } catch (error) {
      this.#handlers.failed(source, error)
    }
  }
}

function answerOf(timestamp: ControlTimestamp): TimelineAnswer {
  // Digits and names: as Latin-1 it is the same bytes as UTF-8, and faster.
  return { timestamp, message: Buffer.from(encodeControlTimestamp(timestamp), 'latin1') }
}
