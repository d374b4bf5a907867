import type { FastifyInstance } from 'fastify'
import { CorrelatedClock, Correlation } from '../../clocks/index.js'
import type { TimelineOption } from '../../messages/index.js'
import { ClockTimelineSource } from '../../timelines/index.js'
import { SearchedTimelineSource } from './searched-timeline-source.js'

export interface TelevisionOptions {
  contentId: string
  /** How long the content id stays partial after a change of content. */
  finalAfterMilliseconds?: number
  /** How long a change of content takes. */
  tuneMilliseconds?: number
  /** How long the timeline that comes and goes is there, and how long it is not. */
  comeAndGoMilliseconds?: number
  /** How long it takes to find the timeline that has to be looked for. */
  searchMilliseconds?: number
}

/** What this television offers: selector → ticks per second. */
export const TIMELINES = {
  /** The programme's own. */
  pts: { selector: 'urn:dvb:css:timeline:pts', ticksPerSecond: 90_000 },
  /** Tied to the programme's. */
  temi: { selector: 'urn:dvb:css:timeline:temi:1:1', ticksPerSecond: 1000 },
  /** There for a while, gone for a while. */
  comeAndGo: { selector: 'urn:dvb:css:timeline:temi:1:2', ticksPerSecond: 1000 },
  /** Looked for when a companion first asks for it. */
  searched: { selector: 'urn:dvb:css:timeline:mpd:period:rel:1000', ticksPerSecond: 1000 },
} as const

/** What the television shows, and what its remote control can do to it: drives the CII and TS servers of an app. */
export class Television {
  readonly #app: FastifyInstance
  readonly #pts: CorrelatedClock
  readonly #comeAndGo: CorrelatedClock
  readonly #options: Required<TelevisionOptions>
  readonly #timers = new Set<NodeJS.Timeout>()
  #tuning: NodeJS.Timeout[] = []
  /** The speed that `play` returns to. */
  #playSpeed = 1

  /** @param app has the three plugins. */
  constructor(app: FastifyInstance, options: TelevisionOptions) {
    this.#app = app
    this.#options = {
      finalAfterMilliseconds: 5000,
      tuneMilliseconds: 1000,
      comeAndGoMilliseconds: 20_000,
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
    const tied = (tickRate: number, name: string) => new CorrelatedClock(this.#pts, { tickRate, name })
    const temi = tied(TIMELINES.temi.ticksPerSecond, 'temi')
    const searched = tied(TIMELINES.searched.ticksPerSecond, 'searched')
    this.#comeAndGo = tied(TIMELINES.comeAndGo.ticksPerSecond, 'come-and-go')

    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.pts.selector, wallClock, this.#pts))
    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.temi.selector, wallClock, temi))
    app.ts.attachTimelineSource(new ClockTimelineSource(TIMELINES.comeAndGo.selector, wallClock, this.#comeAndGo))
    app.ts.attachTimelineSource(
      new SearchedTimelineSource(TIMELINES.searched.selector, wallClock, searched, this.#options.searchMilliseconds),
    )
    this.#present(options.contentId)
    this.#timers.add(setInterval(() => this.#comeOrGo(), this.#options.comeAndGoMilliseconds))
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

  /** Plays at a speed; 0 is a pause, and a negative one plays backwards. */
  setSpeed(speed: number): void {
    if (speed !== 0) this.#playSpeed = speed
    this.#move((ticks) => ticks, speed)
  }

  /** Position and speed in one change, so that companions are told once; at one moment, so that no move is lost between two readings. */
  #move(to: (ticks: number) => number, speed: number): void {
    const parentTicks = this.#app.wallClock.now()
    const childTicks = to(this.#pts.fromParent(parentTicks))
    this.#pts.setCorrelationAndSpeed(new Correlation({ parentTicks, childTicks }), speed)
  }

  /** Changes the channel: a moment of transition, then the new content from its beginning. */
  setContent(contentId: string): void {
    this.#stopTuning()
    this.#app.cii.update({ presentationStatus: ['transitioning'] })
    // Meanwhile there is no content to have a timeline: who follows the old one must not be sent along to the new.
    this.#app.ts.contentId = null
    this.#tuning.push(
      setTimeout(() => {
        this.#move(() => 0, this.#playSpeed)
        this.#present(contentId)
      }, this.#options.tuneMilliseconds),
    )
  }

  /** The television knows the service at once, and the event when it has read the metadata. */
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

  #comeOrGo(): void {
    this.#comeAndGo.available = !this.#comeAndGo.available
    this.#app.cii.update({ timelines: this.#timelines() })
  }

  #timelines(): TimelineOption[] {
    return Object.values(TIMELINES)
      .filter((timeline) => timeline !== TIMELINES.comeAndGo || this.#comeAndGo.available)
      .map(({ selector, ticksPerSecond }) => ({
        timelineSelector: selector,
        timelineProperties: { unitsPerTick: 1, unitsPerSecond: ticksPerSecond },
      }))
  }

  /** What is on, and who follows: several lines for a person. */
  status(): string {
    const { cii, ts, wallClockServer } = this.#app
    const { requests, answers } = wallClockServer.statistics
    return [
      `content    ${cii.cii.contentId} (${cii.cii.contentIdStatus}, ${cii.cii.presentationStatus?.join(' ')})`,
      `position   ${this.positionSeconds.toFixed(3)} s at speed ${this.speed}`,
      `timelines  ${cii.cii.timelines?.map((timeline) => timeline.timelineSelector).join('\n           ')}`,
      `companions ${cii.connections.size} on CII, ${ts.connections.size} on TS; wall clock: ${requests} requests, ${answers} answers`,
    ].join('\n')
  }

  #stopTuning(): void {
    for (const timer of this.#tuning) clearTimeout(timer)
    this.#tuning = []
  }

  /** Stops what goes on by itself. */
  stop(): void {
    this.#stopTuning()
    for (const timer of this.#timers) clearInterval(timer)
  }
}
