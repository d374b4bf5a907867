import { tickRateOfSelector } from '../../messages/index.js'
import type { TsConnectionState } from '../../server/ts/index.js'
import type { CompanionReport, TimelineState } from '../protocol/index.js'
import { RelationHistory } from './relation-history.js'

type Presentation = NonNullable<CompanionReport['presentation']>

/** The requests of a companion for the time, and how often it sends one, as far as that is known. */
export interface WallClockUse {
  readonly wallClock: CompanionReport['wallClock']
  readonly intervalMillis: number | undefined
}

/** What a companion was told of its timeline, and how it presents it. */
export class TsRecord {
  readonly relations: RelationHistory = new RelationHistory()
  #presentation: Presentation | null = null
  /** Between the last two that were looked at. */
  #intervalMillis: number | undefined

  #overWebSocket: WallClockUse | undefined

  /** The last presentation timestamps that were looked at. */
  get presentation(): Presentation | null {
    return this.#presentation
  }

  get presentationIntervalMillis(): number | undefined {
    return this.#intervalMillis
  }

  /** Notes a control timestamp that was sent. */
  sent({ setup, controlTimestamp }: TsConnectionState, timelines: readonly TimelineState[]): void {
    if (setup === undefined || controlTimestamp === undefined) return
    const tickRate = tickRateIn(timelines, setup.value.timelineSelector)
    if (tickRate !== undefined) this.relations.add(controlTimestamp, tickRate)
  }

  /** @param messagesIn the setup-data, and the presentation timestamps until now */
  look(state: TsConnectionState, messagesIn: number, timelines: readonly TimelineState[]): void {
    this.sent(state, timelines)
    const { setup, presentationTimestamps } = state
    if (setup === undefined || presentationTimestamps === undefined) return
    const { at } = presentationTimestamps
    const before = this.#presentation
    if (before?.at === at) return
    if (before !== null) this.#intervalMillis = at - before.at
    else if (messagesIn > 2) this.#intervalMillis = (at - setup.at) / (messagesIn - 1)
    this.#presentation = {
      at,
      lateSeconds: this.#lateSeconds(presentationTimestamps, setup.value.timelineSelector, timelines),
    }
  }

  /** A companion that asked over WebSocket has lost its clock with the connection: clients over UDP are others'. */
  wallClock(use: WallClockUse): WallClockUse {
    const { wallClock } = use
    if (wallClock?.encoding === 'websocket') this.#overWebSocket = use
    return wallClock === null || wallClock.isShared ? (this.#overWebSocket ?? use) : use
  }

  #lateSeconds(
    { value: { actual }, at }: NonNullable<TsConnectionState['presentationTimestamps']>,
    selector: string,
    timelines: readonly TimelineState[],
  ): number | null {
    const tickRate = tickRateIn(timelines, selector)
    if (actual === undefined || tickRate === undefined) return null
    return this.relations.lateSeconds(actual, at, selector, tickRate) ?? null
  }
}

function tickRateIn(timelines: readonly TimelineState[], selector: string): number | undefined {
  return timelines.find((each) => each.selector === selector)?.unitsPerSecond ?? tickRateOfSelector(selector)
}
