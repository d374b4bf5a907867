import type { Clock } from '../clocks/index.js'
import { type ControlTimestamp, encodeControlTimestamp, type SetupData } from '../messages/index.js'
import { contentIdMatches, type TimelineSource } from '../timelines/index.js'
import { wireTime } from '../timelines/wire-time.js'

const encoder = new TextEncoder()
const UNAVAILABLE = Symbol('unavailable')

/**
 * The timeline sources of a server and the timelines that are wanted from them: which source is told what, and what they answer.
 * Within one round of updates each timeline is asked for once, however many clients want it.
 */
export class TimelineAnswers {
  /** Dates the answer that a timeline is not available. */
  wallClock: Clock
  readonly #failed: (source: TimelineSource, error: unknown) => void
  readonly #sources = new Set<TimelineSource>()
  /** Timeline selector → how many clients want it. */
  readonly #wanted = new Map<string, number>()
  /** What was answered in the present round. */
  #round: Map<string | symbol, ControlTimestamp | undefined> | undefined
  readonly #encoded = new WeakMap<ControlTimestamp, Uint8Array>()

  /** @param failed hears what a source has thrown; the source is passed over then. */
  constructor(wallClock: Clock, failed: (source: TimelineSource, error: unknown) => void) {
    this.wallClock = wallClock
    this.#failed = failed
  }

  /** @returns whether the source is new. */
  attach(source: TimelineSource): boolean {
    if (this.#sources.has(source)) return false
    this.#sources.add(source)
    for (const selector of [...this.#wanted.keys()]) this.#tell(source, 'need', selector)
    return true
  }

  /** @returns whether the source was there. */
  remove(source: TimelineSource): boolean {
    if (!this.#sources.has(source)) return false
    for (const selector of [...this.#wanted.keys()]) this.#tell(source, 'release', selector)
    this.#sources.delete(source)
    return true
  }

  /** One more client wants this timeline. */
  need(selector: string): void {
    const clients = this.#wanted.get(selector) ?? 0
    this.#wanted.set(selector, clients + 1)
    if (clients > 0) return
    for (const source of [...this.#sources]) this.#tell(source, 'need', selector)
  }

  /** One client fewer wants this timeline. */
  release(selector: string): void {
    const clients = this.#wanted.get(selector) ?? 0
    if (clients > 1) {
      this.#wanted.set(selector, clients - 1)
      return
    }
    this.#wanted.delete(selector)
    for (const source of [...this.#sources]) this.#tell(source, 'release', selector)
  }

  /** Runs a round of updates, in which each timeline is asked for at most once. */
  round(update: () => void): void {
    if (this.#round !== undefined) {
      // A source that was asked has changed something: what was answered before may be out of date, before this and after.
      this.#round.clear()
      update()
      this.#round.clear()
      return
    }
    this.#round = new Map()
    try {
      update()
    } finally {
      this.#round = undefined
    }
  }

  /** @returns what a client of this setup-data is to be told, or undefined while that is not known. */
  find(contentId: string | null, setup: SetupData): ControlTimestamp | undefined {
    if (!contentIdMatches(contentId, setup.contentIdStem)) return this.#once(UNAVAILABLE, () => this.#unavailable())
    return this.#once(setup.timelineSelector, () => this.#ask(setup.timelineSelector))
  }

  /** The timestamp as UTF-8, made once for all clients that get it. */
  encode(timestamp: ControlTimestamp): Uint8Array {
    let message = this.#encoded.get(timestamp)
    if (message === undefined) {
      message = encoder.encode(encodeControlTimestamp(timestamp))
      this.#encoded.set(timestamp, message)
    }
    return message
  }

  #once(key: string | symbol, answer: () => ControlTimestamp | undefined): ControlTimestamp | undefined {
    if (this.#round === undefined) return answer()
    if (!this.#round.has(key)) this.#round.set(key, answer())
    return this.#round.get(key)
  }

  /** The first source that has the timeline answers for it; one that does not know yet keeps the others' "unavailable" back. */
  #ask(selector: string): ControlTimestamp | undefined {
    let unavailable: ControlTimestamp | undefined
    let unknown = false
    for (const source of this.#sources) {
      const timestamp = this.#askOne(source, selector)
      if (timestamp === undefined) unknown = true
      else if (timestamp !== 'not mine' && timestamp.contentTime !== null) return timestamp
      else if (timestamp !== 'not mine') unavailable ??= timestamp
    }
    return unknown ? undefined : (unavailable ?? this.#unavailable())
  }

  #askOne(source: TimelineSource, selector: string): ControlTimestamp | undefined | 'not mine' {
    try {
      if (!source.recognises(selector)) return 'not mine'
      const timestamp = source.controlTimestamp(selector)
      // What cannot be encoded is the source's fault, and must not become that of the client it was for.
      if (timestamp !== undefined) this.encode(timestamp)
      return timestamp
    } catch (error) {
      this.#failed(source, error)
      return 'not mine'
    }
  }

  #unavailable(): ControlTimestamp {
    const wallClockTime = wireTime(this.wallClock.nanos())
    return { contentTime: null, wallClockTime, timelineSpeedMultiplier: null }
  }

  #tell(source: TimelineSource, what: 'need' | 'release', selector: string): void {
    // One that was told before may have removed this one.
    if (!this.#sources.has(source)) return
    try {
      if (source.recognises(selector)) source[what](selector)
    } catch (error) {
      this.#failed(source, error)
    }
  }
}
