import type { FastifyInstance } from 'fastify'
import { CorrelatedClock, Correlation } from '../../clocks/index.js'
import type { TimelineOption } from '../../messages/index.js'
import { ClockTimelineSource } from '../../timelines/index.js'
import { SearchedTimelineSource } from './searched-timeline-source.js'

export interface TelevisionOptions {
  contentId: string
  /** How long the content id stays partial after the content changes. */
  finalAfterMilliseconds?: number
  /** How long switching to other content takes. */
  tuneMilliseconds?: number
  /** How long the intermittent timeline is available, and then unavailable. */
  intermittentMilliseconds?: number
  /** How long the search for the searched timeline takes. */
  searchMilliseconds?: number
}

/** The timelines of this television. */
export const TIMELINES = {
  /** The timeline of the programme. */
  pts: { selector: 'urn:dvb:css:timeline:pts', ticksPerSecond: 90_000 },
  /** Derived from that of the programme. */
  temi: { selector: 'urn:dvb:css:timeline:temi:1:1', ticksPerSecond: 1000 },
  /** Available and unavailable in turn. */
  intermittent: { selector: 'urn:dvb:css:timeline:temi:1:2', ticksPerSecond: 1000 },
  /** Searched for when a companion first requests it. */
  searched: { selector: 'urn:dvb:css:timeline:mpd:period:rel:1000', ticksPerSecond: 1000 },
} as const

/** The playback of the television emulator: drives the CII and TS servers of an app. */
export class Television {
  readonly #app: FastifyInstance
  readonly #pts: CorrelatedClock
  readonly #intermittent: CorrelatedClock
  readonly #options: Required<TelevisionOptions>
  readonly #timers = new Set<NodeJS.Timeout>()
  #tuning: NodeJS.Timeout[] = []
  /** The speed that `play` returns to. */
  #playSpeed = 1

  /** @param app with the plugins registered */
  constructor(app: FastifyInstance, options: TelevisionOptions) {
    this.#app = app
    this.#options = {
      finalAfterMilliseconds: 5000,
      tuneMilliseconds: 1000,
      intermittentMilliseconds: 20_000,
      searchMilliseconds: 4000,
      ...options,
    }
    const { wallClock } = app
    const start = new Correlation({ parentTicks: wallClock.now(), childTicks: 0 })
    this.#pts = new CorrelatedClock(wallClock, {
      tickRate: TIMELINES.pts.ticksPerSecond,
      correlation: start,
      name: 'pts',
    })
    const derived = (tickRate: number, name: string) => new CorrelatedClock(this.#pts, { tickRate, name })
    const temi = derived(TIMELINES.temi.ticksPerSecond, 'temi')
    const searched = derived(TIMELINES.searched.ticksPerSecond, 'searched')
    this.#intermittent = derived(TIMELINES.intermittent.ticksPerSecond, 'intermittent')

    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.pts.selector, wallClock, this.#pts))
    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.temi.selector, wallClock, temi))
    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.intermittent.selector, wallClock, this.#intermittent))
    app.ts.attachTimelineSource(
      new SearchedTimelineSource(TIMELINES.searched.selector, wallClock, searched, this.#options.searchMilliseconds),
    )
    this.#present(options.contentId)
    this.#timers.add(setInterval(() => this.#toggleIntermittent(), this.#options.intermittentMilliseconds))
  }

  get positionSeconds(): number {
    return this.#pts.now() / this.#pts.tickRate
  }

  get speed(): number {
    return this.#pts.speed
  }

  play(): void {
    this.#move((ticks) => ticks, this.#playSpeed)
  }

  pause(): void {
    this.#move((ticks) => ticks, 0)
  }

  seek(seconds: number): void {
    this.#move(() => seconds * this.#pts.tickRate, this.#pts.speed)
  }

  /** Plays at a speed: 0 pauses, a negative one plays backwards. */
  setSpeed(speed: number): void {
    if (speed !== 0) this.#playSpeed = speed
    this.#move((ticks) => ticks, speed)
  }

  /** Sets position and speed in one change, so that companions receive one update, and from one reading of the clock. */
  #move(to: (ticks: number) => number, speed: number): void {
    const parentTicks = this.#app.wallClock.now()
    const childTicks = to(this.#pts.fromParent(parentTicks))
    this.#pts.setCorrelationAndSpeed(new Correlation({ parentTicks, childTicks }), speed)
  }

  /** Switches to other content: `transitioning` for a moment, then the new content from its beginning. */
  setContent(contentId: string): void {
    this.#stopTuning()
    this.#app.cii.update({ presentationStatus: ['transitioning'] })
    // No content, no timeline: companions that follow the old content must not be moved to the new one.
    this.#app.ts.contentId = null
    this.#tuning.push(
      setTimeout(() => {
        this.#move(() => 0, this.#playSpeed)
        this.#present(contentId)
      }, this.#options.tuneMilliseconds),
    )
  }

  /** A television knows the service at once, and the event when it has read the metadata. */
  #present(contentId: string): void {
    const partial = contentId.startsWith('dvb://') ? (contentId.split(';', 1)[0] ?? contentId) : contentId
    this.#show(partial, 'partial')
    this.#tuning.push(setTimeout(() => this.#show(contentId, 'final'), this.#options.finalAfterMilliseconds))
  }

  #show(contentId: string, contentIdStatus: 'partial' | 'final'): void {
    const timelines = this.#timelines()
    this.#app.cii.update({ contentId, contentIdStatus, presentationStatus: ['okay'], timelines })
    this.#app.ts.contentId = contentId
  }

  #toggleIntermittent(): void {
    this.#intermittent.available = !this.#intermittent.available
    this.#app.cii.update({ timelines: this.#timelines() })
  }

  #timelines(): TimelineOption[] {
    return Object.values(TIMELINES)
      .filter((timeline) => timeline !== TIMELINES.intermittent || this.#intermittent.available)
      .map(({ selector, ticksPerSecond }) => ({
        timelineSelector: selector,
        timelineProperties: { unitsPerTick: 1, unitsPerSecond: ticksPerSecond },
      }))
  }

  /** State and connected companions, as lines of text. */
  status(): string {
    const { cii, ts, app2app, wallClockServer } = this.#app
    const { requests, answers } = wallClockServer.statistics
    return [
      `content    ${cii.cii.contentId} (${cii.cii.contentIdStatus}, ${cii.cii.presentationStatus?.join(' ')})`,
      `position   ${this.positionSeconds.toFixed(3)} s at speed ${this.speed}`,
      `timelines  ${cii.cii.timelines?.map((timeline) => timeline.timelineSelector).join('\n           ')}`,
      `companions ${cii.connections.size} on CII, ${ts.connections.size} on TS; wall clock: ${requests} requests, ${answers} responses`,
      `App2App    ${app2app.statistics.pairs} pairs, ${app2app.statistics.waiting.local} applications and ${app2app.statistics.waiting.remote} companions waiting`,
    ].join('\n')
  }

  #stopTuning(): void {
    for (const timer of this.#tuning) clearTimeout(timer)
    this.#tuning = []
  }

  /** Stops all timers. */
  stop(): void {
    this.#stopTuning()
    for (const timer of this.#timers) clearInterval(timer)
  }
}
