import type { Clock } from '../../clocks/index.js'
import { type ControlTimestamp, encodeControlTimestamp } from '../../messages/index.js'
import { contentIdMatches, type TimelineSource, wireTime } from '../../timelines/index.js'

/**
 * How many times in a row a source may cause a change by being asked. A few are legitimate: a source that starts working when
 * it is first asked announces what it finds. One that changes something whenever it is asked would keep the server busy for ever.
 */
const MAX_CHANGES_WHILE_ASKED = 64

/** What a client of a timeline is sent. */
export interface TimelineAnswer {
  readonly timestamp: ControlTimestamp
  /** The timestamp as it is on the wire, encoded once for all clients that get it. */
  readonly message: Uint8Array
}

/** One timeline that clients want. */
interface Timeline<Client> {
  readonly clients: Set<Client>
  /** The sources that recognise it, in the order in which they were attached. */
  sources: TimelineSource[]
  /** What was answered in the slice of that number. */
  answer: TimelineAnswer | undefined
  answeredInSlice: number
}

export interface TimelineAnswersHandlers {
  /** A source has thrown; it is skipped. */
  failed(source: TimelineSource, error: unknown): void
  /** A source keeps causing changes by being asked; those changes are ignored from now on, until it is asked once without one. */
  unsettled(source: TimelineSource): void
}

/**
 * The timeline sources of a server and the timelines that its clients want from them. Clients are found by their timeline, so
 * that a change costs what the clients of that timeline cost.
 */
export class TimelineAnswers<Client> {
  /** Dates the answer that a timeline is not available. */
  wallClock: Clock
  readonly #handlers: TimelineAnswersHandlers
  readonly #sources = new Set<TimelineSource>()
  readonly #timelines = new Map<string, Timeline<Client>>()
  /** Counts slices of rounds: within one, each timeline is asked for once. */
  #slice = 0
  #unavailable: { answer: TimelineAnswer; slice: number } | undefined
  /** The source that is being asked, and whether something has changed meanwhile. */
  #asked: TimelineSource | undefined
  #changedWhileAsked = false
  readonly #changesInARow = new WeakMap<TimelineSource, number>()
  /** Whether any source has ever caused a change by being asked: hardly one does. */
  #anyChanges = false

  constructor(wallClock: Clock, handlers: TimelineAnswersHandlers) {
    this.wallClock = wallClock
    this.#handlers = handlers
  }

  /** @returns the timelines for which the source was added, or undefined when it was there already. */
  attach(source: TimelineSource): string[] | undefined {
    if (this.#sources.has(source)) return undefined
    this.#sources.add(source)
    return [...this.#timelines].filter(([selector]) => this.#add(source, selector)).map(([selector]) => selector)
  }

  /** @returns the timelines from which the source was removed, or undefined when it was not there. */
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

  /** One more client wants this timeline. */
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

  /** A client does not want this timeline any more. */
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

  /** From here on every timeline is asked for anew. */
  beginSlice(): void {
    this.#slice += 1
  }

  /**
   * Whether a change counts. One that a source causes while it is being asked does not, when that has happened
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

  /** @returns what a client of this timeline is to have, or undefined while that is not known. */
  find(contentId: string | null, contentIdStem: string, selector: string): TimelineAnswer | undefined {
    if (!contentIdMatches(contentId, contentIdStem)) return this.#notAvailable()
    const timeline = this.#timelines.get(selector)
    if (timeline === undefined) return this.#notAvailable()
    if (timeline.answeredInSlice === this.#slice) return timeline.answer
    // First, because whatever is changed while the sources are asked makes this answer out of date.
    timeline.answeredInSlice = this.#slice
    timeline.answer = this.#ask(timeline, selector)
    return timeline.answer
  }

  /** The first source that has the timeline answers for it; one that does not know yet withholds the others' "unavailable". */
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

  /** @param before what was answered last: a timestamp that is still the same is not encoded again. */
  #askOne(
    source: TimelineSource,
    selector: string,
    before: TimelineAnswer | undefined,
  ): TimelineAnswer | undefined | 'not mine' {
    // A source may send something while it is asked, to a client that has to be asked for in turn.
    const outer = this.#asked
    const outerChanged = this.#changedWhileAsked
    this.#asked = source
    this.#changedWhileAsked = false
    try {
      if (!source.recognises(selector)) return 'not mine'
      const timestamp = source.controlTimestamp(selector)
      // What cannot be encoded is the source's fault, and must not be charged to the client.
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
