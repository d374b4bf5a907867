import type { ControlTimestamp } from '../messages/index.js'

/** Is notified when control timestamps of a source have changed. A `TsServer` is one. */
export interface TimelineSink {
  /** The control timestamps of these timelines may have changed. */
  updateTimelines(timelineSelectors: Iterable<string>): void
}

/**
 * A source of control timestamps. A subclass determines which timelines it serves, provides their control timestamps, and calls
 * {@link changed} whenever the relation between one of them and the wall clock has changed.
 */
export abstract class TimelineSource {
  readonly #sinks = new Set<TimelineSink>()
  /** Timeline selector → number of servers with clients that request it. */
  readonly #needed = new Map<string, number>()

  /** Whether this source serves the timeline. Must always return the same value for a selector. */
  abstract recognises(timelineSelector: string): boolean

  /**
   * The current relation between the timeline and the wall clock: a control timestamp, whose content time is null while the timeline
   * is unavailable. Undefined while the relation is unknown; clients are sent nothing until it is known.
   */
  abstract controlTimestamp(timelineSelector: string): ControlTimestamp | undefined

  /** Called when the first client, across all attached servers, requests this timeline. */
  selectorNeeded(_timelineSelector: string): void {}

  /** Called when the last client, across all attached servers, that requested this timeline has disconnected. */
  selectorNotNeeded(_timelineSelector: string): void {}

  /** Called by a server when its first client requests this timeline. */
  need(timelineSelector: string): void {
    const servers = this.#needed.get(timelineSelector) ?? 0
    this.#needed.set(timelineSelector, servers + 1)
    if (servers === 0) this.selectorNeeded(timelineSelector)
  }

  /** Called by a server when its last client of this timeline has disconnected. */
  release(timelineSelector: string): void {
    const servers = this.#needed.get(timelineSelector) ?? 0
    if (servers > 1) {
      this.#needed.set(timelineSelector, servers - 1)
      return
    }
    if (this.#needed.delete(timelineSelector)) this.selectorNotNeeded(timelineSelector)
  }

  /** Adds a sink to notify of changes. Called by a server when the source is attached to it. */
  attachSink(sink: TimelineSink): void {
    this.#sinks.add(sink)
  }

  /** Removes a server that `attachSink` has added; servers call it. */
  removeSink(sink: TimelineSink): void {
    this.#sinks.delete(sink)
  }

  /** Whether the source is attached to any server. */
  protected get hasSinks(): boolean {
    return this.#sinks.size > 0
  }

  /**
   * Notifies the servers that control timestamps may have changed. Clients are sent the changes at the end of the current
   * turn of the event loop, so several changes in one turn are sent as one message.
   * @param timelineSelectors the timelines that have changed. Default: all requested timelines of this source.
   */
  protected changed(...timelineSelectors: string[]): void {
    const selectors = timelineSelectors.length > 0 ? timelineSelectors : [...this.#needed.keys()]
    for (const sink of [...this.#sinks]) sink.updateTimelines(selectors)
  }
}

/**
 * Whether a client that gave this stem is meant by this content (TS 103 286-2, clause 5.7): the content id is known and begins with
 * the stem. The empty stem means any content.
 */
export function contentIdMatches(contentId: string | null, contentIdStem: string): contentId is string {
  return contentId?.startsWith(contentIdStem) ?? false
}
