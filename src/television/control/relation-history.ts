import {
  type ControlTimestamp,
  contentTicksAt,
  isAvailable,
  type PresentationTimestamp,
  rangeOfSelector,
} from '../../messages/index.js'
import type { Dated } from '../../server/endpoint/index.js'

/** How many relations are remembered: a companion reports one that is older only if it is seconds behind. */
const MAX_RELATIONS = 20
/** A new relation that differs by less corrects the old one, as a media element's slips do; by more, the television has jumped. */
const JUMP_SECONDS = 0.02
/** How long a companion may go by the last relation, because the new one is on its way. */
const TRAVEL_MILLIS = 300

/** A relation, since it was sent. */
interface Relation {
  readonly timestamp: ControlTimestamp
  readonly sentAt: number
}

/** The relations of a timeline to the wall clock that a companion was sent. */
export class RelationHistory {
  readonly #relations: Relation[] = []
  #jumpedAt = Number.NaN
  #availableAt = Number.NaN

  /** When the television last sought, stopped or changed its speed, as far as the companion knows; not a number before the first. */
  get jumpedAt(): number {
    return this.#jumpedAt
  }

  /** Since when the timeline is available; not a number while it is not. */
  get availableAt(): number {
    return this.#availableAt
  }

  /** Adds the last control timestamp that was sent, unless it was added before. */
  add({ value: timestamp, at: sentAt }: Dated<ControlTimestamp>, tickRate: number): void {
    const last = this.#relations.at(-1)
    if (last?.timestamp === timestamp) return
    if (last === undefined || isJump(last.timestamp, timestamp, tickRate)) this.#jumpedAt = sentAt
    if (!isAvailable(timestamp)) this.#availableAt = Number.NaN
    else if (Number.isNaN(this.#availableAt)) this.#availableAt = sentAt
    this.#relations.push({ timestamp, sentAt })
    if (this.#relations.length > MAX_RELATIONS) this.#relations.shift()
  }

  /**
   * How much later than the television a companion presents a moment of the content.
   * @param receivedAt when the companion's timestamp was received.
   * @returns undefined if the timeline was unavailable, or is not known so far back.
   */
  lateSeconds(
    actual: PresentationTimestamp,
    receivedAt: number,
    timelineSelector: string,
    tickRate: number,
  ): number | undefined {
    const range = rangeOfSelector(timelineSelector)
    return this.#inForce(receivedAt)
      .map((timestamp) => lateSeconds(timestamp, actual, tickRate, range))
      .filter((late) => !Number.isNaN(late))
      .sort((a, b) => Math.abs(a) - Math.abs(b))[0]
  }

  /** The relation that held when a companion sent something, and those that had been replaced just before. */
  #inForce(receivedAt: number): ControlTimestamp[] {
    return this.#relations
      .filter(({ sentAt }, index) => {
        const replacedAt = this.#relations[index + 1]?.sentAt ?? Number.POSITIVE_INFINITY
        return sentAt <= receivedAt && replacedAt + TRAVEL_MILLIS > receivedAt
      })
      .map(({ timestamp }) => timestamp)
  }
}

function isJump(before: ControlTimestamp, after: ControlTimestamp, tickRate: number): boolean {
  if (before.timelineSpeedMultiplier !== after.timelineSpeedMultiplier) return true
  if (after.contentTime === null) return false
  const expected = contentTicksAt(before, after.wallClockTime, tickRate)
  return Math.abs(Number(after.contentTime) - expected) > JUMP_SECONDS * tickRate
}

function lateSeconds(
  timestamp: ControlTimestamp,
  { contentTime, wallClockTime }: PresentationTimestamp,
  tickRate: number,
  range: number | undefined,
): number {
  const expected = contentTicksAt(timestamp, wallClockTime, tickRate)
  const difference = expected - Number(contentTime)
  // PTS wraps, on one of the two sides possibly before the other.
  const ticks = range === undefined ? difference : difference - Math.round(difference / range) * range
  // A paused companion is as late as the content between the two positions takes to play.
  return ticks / tickRate / (timestamp.timelineSpeedMultiplier || 1)
}
