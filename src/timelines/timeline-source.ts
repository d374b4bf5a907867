import type { ControlTimestamp } from '../messages/index.js'

/** Receives notice that control timestamps of a source have changed. A `TsServer` is one. */
export interface TimelineSink {
  /** The control timestamps of these timelines may have changed. */
  updateTimelines(timelineSelectors: Iterable<string>): void
}

/**
 * Where control timestamps come from. A subclass says which timelines it knows and where they are, and calls
 * {@link changed} whenever the relation between one of them and the wall clock has changed.
 */
export abstract class TimelineSource {
  readonly #sinks = new Set<TimelineSink>()
  /** Timeline selector → how many servers have clients that want it. */
  readonly #needed = new Map<string, number>()

  /** Whether this source can speak for the timeline. Must give the same answer each time. */
  abstract recognises(timelineSelector: string): boolean

  /**
   * The relation between the timeline and the wall clock as of now: a control timestamp; one with a null content time, when the
   * timeline is not available; undefined while that is not known yet, and then the clients hear nothing until it is.
   */
  abstract controlTimestamp(timelineSelector: string): ControlTimestamp | undefined

  /** A client has asked for this timeline, and none had before, on any of the servers that this source is attached to. */
  selectorNeeded(_timelineSelector: string): void {}

  /** The last client that wanted this timeline has gone, from all of the servers. */
  selectorNotNeeded(_timelineSelector: string): void {}

  /** One more server has clients that want this timeline. For servers to call. */
  need(timelineSelector: string): void {
    const servers = this.#needed.get(timelineSelector) ?? 0
    this.#needed.set(timelineSelector, servers + 1)
    if (servers === 0) this.selectorNeeded(timelineSelector)
  }

  /** One server fewer. For servers to call. */
  release(timelineSelector: string): void {
    const servers = this.#needed.get(timelineSelector) ?? 0
    if (servers > 1) {
      this.#needed.set(timelineSelector, servers - 1)
      return
    }
    if (this.#needed.delete(timelineSelector)) this.selectorNotNeeded(timelineSelector)
  }

  /** Adds somebody to be told of changes; a server calls it when the source is attached to it. */
  attachSink(sink: TimelineSink): void {
    this.#sinks.add(sink)
  }

  removeSink(sink: TimelineSink): void {
    this.#sinks.delete(sink)
  }

  /** Whether any server listens. */
  protected get hasSinks(): boolean {
    return this.#sinks.size > 0
  }

  /**
   * Notifies the servers that control timestamps may have changed. Their clients are sent what is new at the end of the current
   * turn of the event loop, so that many changes in one turn cost one message.
   * @param timelineSelectors the timelines that have changed. Default: all that are needed from this source.
   */
  protected changed(...timelineSelectors: string[]): void {
    const selectors = timelineSelectors.length > 0 ? timelineSelectors : [...this.#needed.keys()]
    for (const sink of [...this.#sinks]) sink.updateTimelines(selectors)
  }
}

/**
 * Whether a client that gave this stem is meant by this content (TS 103 286-2, clause 5.7.3): the content id is known and begins with
 * the stem. The empty stem means any content.
 */
export function contentIdMatches(contentId: string | null, contentIdStem: string): contentId is string {
  return contentId?.startsWith(contentIdStem) ?? false
}
