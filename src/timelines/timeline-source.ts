import type { ControlTimestamp } from '../messages/index.js'

/** Who wants to hear that a source's control timestamps have changed. A `TsServer` is one. */
export interface TimelineSink {
  updateAllClients(): void
}

/**
 * Where control timestamps come from. A subclass says which timelines it knows and where they are, and calls
 * {@link changed} whenever the relation between one of them and the wall clock has changed.
 */
export abstract class TimelineSource {
  readonly #sinks = new Set<TimelineSink>()

  /** Whether this source can speak for the timeline. Must give the same answer each time. */
  abstract recognises(timelineSelector: string): boolean

  /**
   * The relation between the timeline and the wall clock as of now: a control timestamp; one with a null content time, when the
   * timeline is not available; undefined while that is not known yet, and then the clients hear nothing until it is.
   */
  abstract controlTimestamp(timelineSelector: string): ControlTimestamp | undefined

  /** A client has asked for this timeline, and none had before. */
  selectorNeeded(_timelineSelector: string): void {}

  /** The last client that wanted this timeline has gone. */
  selectorNotNeeded(_timelineSelector: string): void {}

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

  /** Tells the servers that the control timestamps may be others now. */
  protected changed(): void {
    for (const sink of [...this.#sinks]) sink.updateAllClients()
  }
}
