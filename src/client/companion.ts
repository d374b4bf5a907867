import { type Clock, CorrelatedClock, SystemClock } from '../clocks/index.js'
import { type Cii, visible } from '../messages/index.js'
import { CiiClient } from './cii-client.js'
import { type Address, findTimelines, findWallClock } from './companion-addresses.js'
import type { CompanionEvents, CompanionSource, Unavailable } from './companion-events.js'
import { type CompanionOptions, checkCompanionOptions } from './companion-options.js'
import { type CompanionPosition, positionOn } from './companion-position.js'
import { type CompanionTimeline, pickTimeline } from './companion-timeline.js'
import { Emitter, undisturbed } from './emitter.js'
import { displayUrl, getPlatform } from './platform.js'
import type { ReconnectingClient, ReconnectingClientEvents } from './reconnecting-client.js'
import { TsClient } from './ts-client.js'
import { WallClockClient } from './wall-clock-client.js'

/** What a position is read from: kept when the connections are gone, for an app that would rather go on. */
interface Followed {
  readonly ts: TsClient
  readonly wallClock: WallClockClient
  readonly timeline: CompanionTimeline
}

/**
 * A companion of a television, from one URL: asks CSS-CII what is on and where the other servers are, follows them as
 * they change, and says where the content is.
 *
 * A wall clock is followed for as long as its URL is the same, a timeline for as long as its server, selector, tick rate
 * and wall clock are. While CII is away, the others go on by what it said last.
 */
export class Companion extends Emitter<CompanionEvents> {
  readonly cii: CiiClient
  /**
   * The timeline in nanoseconds: one clock that stays the same whichever timeline and server is followed, available while
   * there is a position. Do not set it.
   */
  readonly clock: CorrelatedClock
  readonly #options: CompanionOptions
  readonly #parentClock: Clock
  #started = false
  #wallClock: WallClockClient | undefined
  #ts: TsClient | undefined
  #timeline: CompanionTimeline | undefined
  #followed: Followed | undefined
  /** Why there is no position, as was last told; undefined while there is one. */
  #unavailable: Unavailable | undefined = { reason: 'stopped', detail: 'the companion was not started' }
  #toldProblems: readonly string[] = []

  /**
   * @param ciiUrl `ws://…` or `wss://…`, the address of the CII endpoint.
   * @throws TypeError, RangeError that name the option.
   */
  constructor(ciiUrl: string, options: CompanionOptions = {}) {
    super()
    this.#parentClock = options.parentClock ?? new SystemClock()
    checkCompanionOptions(options, this.#parentClock)
    this.#options = { ...options }
    this.clock = new CorrelatedClock(this.#parentClock, { available: false, name: 'companion' })
    this.cii = new CiiClient(ciiUrl, options.cii)
    this.cii.on('change', (change) => {
      this.emit('change', change)
      this.#apply()
    })
    this.#passOn('cii', this.cii)
  }

  /** The wall clock that is asked now. */
  get wallClock(): WallClockClient | undefined {
    return this.#wallClock
  }

  /** The client of the timeline that is asked for now. */
  get ts(): TsClient | undefined {
    return this.#ts
  }

  /** The timeline that is asked for now. */
  get timeline(): CompanionTimeline | undefined {
    return this.#timeline
  }

  /** Why there is no position; undefined while there is one. */
  get unavailable(): Unavailable | undefined {
    return this.#unavailable
  }

  /** Begins to connect; does nothing if that was begun. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.cii.start()
    // What was known before a stop; it may still hold, and then CII has no change to tell.
    this.#apply()
  }

  /** Closes all connections and leaves nothing running. It can be started again. */
  stop(): void {
    if (!this.#started) return
    this.#started = false
    this.#round += 1
    this.cii.stop()
    this.#dropTs()
    this.#dropWallClock()
    this.#toldProblems = []
    this.#check()
  }

  /** Where the content is now; undefined until that was known once. Look at `available`. */
  position(): CompanionPosition | undefined {
    if (this.#followed === undefined) return undefined
    const { ts, wallClock } = this.#followed
    const position = positionOn(ts.clock, wallClock.clock)
    return { ...position, available: this.#unavailable === undefined && position.available }
  }

  /** Brings the clients in line with what CII says. */
  #apply(): void {
    if (!this.#started) return
    // Whoever is told of what ends here may stop this companion, or start it again: then this round is out of date.
    this.#round += 1
    const round = this.#round
    const { state } = this.cii
    const wallClock = this.#findWallClock(state)
    const timelines = findTimelines(state, this.cii.url)
    if (this.#wallClockUrl !== wallClock.url) {
      // The timeline is told by the wall clock, so it cannot stay.
      this.#dropTs()
      if (round !== this.#round) return
      this.#dropWallClock()
      if (round !== this.#round) return
      if (wallClock.url !== undefined) this.#startWallClock(wallClock.url)
    }
    if (round !== this.#round) return
    this.#followTimeline(pickTimeline(state, this.#wishes, this.#timeline), timelines.url, round)
    if (round !== this.#round) return
    if (Object.keys(state).length > 0) this.#tellProblems([wallClock, timelines])
    this.#check()
  }

  get #wishes(): { timelineSelector: string | undefined; tickRate: number | undefined } {
    const { timelineSelector, tickRate } = this.#options
    return { timelineSelector, tickRate }
  }

  #findWallClock(state: Cii): Address {
    const { wallClockUrl, preferWebSocketWallClock: preferWebSocket = false } = this.#options
    if (wallClockUrl !== undefined) return { url: wallClockUrl, problems: [] }
    const hasUdp = getPlatform().createUdpTransport !== undefined
    return findWallClock(state, this.cii.url, { hasUdp, preferWebSocket })
  }

  #startWallClock(url: string): void {
    this.#options.wallClock?.algorithm?.reset()
    const client = new WallClockClient({
      ...this.#options.wallClock,
      parentClock: this.#parentClock,
      transport: url,
    })
    this.#wallClock = client
    this.#wallClockUrl = url
    let isConnected = false
    client.on('connected', () => {
      isConnected = true
      this.emit('connected', { source: 'wc', url })
    })
    client.on('disconnected', ({ reason }) => {
      const failure = { kind: 'unknown', message: reason } as const
      if (isConnected) this.emit('disconnected', { source: 'wc', url, reason, retryInSeconds: undefined })
      else this.emit('connectFailed', { source: 'wc', url, failure, retryInSeconds: undefined })
      isConnected = false
    })
    client.on('protocolError', (error) => this.emit('protocolError', { source: 'wc', ...error }))
    client.on('adjusted', (event) => {
      this.emit('adjusted', event)
      // The last timestamp was in the time of a clock that is gone; a new connection is told the present one.
      if (event.stepped && this.#wallClock === client) this.#askAgain()
    })
    client.on('available', () => this.#check())
    client.on('unavailable', () => this.#check())
    client.start()
  }

  /** Counts what has brought the clients in line, or has stopped them. */
  #round = 0
  /** As CII has it: the client has its own way to write it. */
  #wallClockUrl: string | undefined

  #followTimeline(timeline: CompanionTimeline | undefined, url: string | undefined, round: number): void {
    const before = this.#timeline
    const isSame = before?.selector === timeline?.selector && before?.tickRate === timeline?.tickRate
    if (!isSame || this.#ts?.url !== url) this.#dropTs()
    if (round !== this.#round) return
    this.#timeline = timeline
    const wallClock = this.#wallClock
    if (this.#ts === undefined && timeline !== undefined && url !== undefined && wallClock !== undefined) {
      this.#startTs(url, timeline, wallClock)
    }
    if (!isSame) this.emit('timeline', { timeline })
  }

  #startTs(url: string, timeline: CompanionTimeline, wallClock: WallClockClient): void {
    const { selector: timelineSelector, tickRate } = timeline
    const { contentIdStem = '', ts: options } = this.#options
    const ts = new TsClient(url, { ...options, wallClock: wallClock.clock, contentIdStem, timelineSelector, tickRate })
    this.#ts = ts
    ts.on('timing', (event) => {
      this.emit('timing', event)
      this.#check()
    })
    this.#passOn('ts', ts)
    let connections = 0
    ts.on('connected', () => {
      connections += 1
      // A television that was away may be back with another wall clock, and its timestamps are in that one.
      if (connections > 1) this.#wallClock?.recheck()
    })
    for (const name of ['connected', 'unavailable', 'disconnected'] as const) ts.on(name, () => this.#check())
    ts.start()
  }

  #passOn<Events extends ReconnectingClientEvents>(source: CompanionSource, client: ReconnectingClient<Events>): void {
    const { url } = client
    const heard = client as unknown as Emitter<ReconnectingClientEvents>
    heard.on('connected', () => this.emit('connected', { source, url }))
    heard.on('disconnected', ({ code, reason, retryInSeconds }) => {
      this.emit('disconnected', { source, url, reason: reason === '' ? `closed with ${code}` : reason, retryInSeconds })
    })
    heard.on('connectFailed', (event) => this.emit('connectFailed', { source, url, ...event }))
    heard.on('protocolError', (error) => this.emit('protocolError', { source, ...error }))
  }

  #askAgain(): void {
    const ts = this.#ts
    ts?.stop()
    if (this.#ts === ts) ts?.start()
  }

  #dropTs(): void {
    const ts = this.#ts
    this.#ts = undefined
    ts?.stop()
  }

  #dropWallClock(): void {
    const wallClock = this.#wallClock
    this.#wallClock = undefined
    this.#wallClockUrl = undefined
    wallClock?.stop()
  }

  /** Tells each once for as long as it is there. */
  #tellProblems(addresses: readonly Address[]): void {
    const told = this.#toldProblems
    const problems = addresses.flatMap((address) => address.problems)
    this.#toldProblems = problems.map(({ detail }) => detail)
    for (const { reason, detail } of problems) {
      if (!told.includes(detail)) this.emit('protocolError', { source: 'cii', reason, detail })
    }
  }

  /** Tells whether there is a position now, and takes up the clock that it is read from. */
  #check(): void {
    const before = this.#unavailable
    const timeline = this.#timeline
    const now = this.#whyUnavailable()
    this.#unavailable = now
    if (now === undefined && timeline !== undefined) {
      this.#follow(timeline)
      if (before !== undefined) this.emit('available', { timeline })
    } else if (now !== undefined && (before?.reason !== now.reason || before.detail !== now.detail)) {
      undisturbed(() => {
        this.clock.available = false
      })
      this.emit('unavailable', now)
    }
  }

  #follow(timeline: CompanionTimeline): void {
    const [ts, wallClock] = [this.#ts, this.#wallClock]
    if (ts === undefined || wallClock === undefined) return
    if (this.#followed?.ts !== ts) {
      this.#followed = { ts, wallClock, timeline }
      undisturbed(() => {
        this.clock.parent = ts.clock
      })
    }
    undisturbed(() => {
      this.clock.available = true
    })
  }

  #whyUnavailable(): Unavailable | undefined {
    if (!this.#started) return { reason: 'stopped', detail: 'the companion was stopped' }
    const { state } = this.cii
    if (Object.keys(state).length === 0) {
      return { reason: 'cii', detail: `nothing has come from ${displayUrl(this.cii.url)} yet` }
    }
    const wallClock = this.#findWallClock(state)
    if (wallClock.url === undefined) return { reason: wallClock.missing, detail: wallClock.detail }
    const timelines = findTimelines(state, this.cii.url)
    if (timelines.url === undefined) return { reason: 'no-ts', detail: timelines.detail }
    if (this.#timeline === undefined) return this.#whyNoTimeline()
    const [ts, client] = [this.#ts, this.#wallClock]
    if (ts?.connected !== true) return { reason: 'ts', detail: `no connection to ${displayUrl(timelines.url)}` }
    const { timestamp } = ts
    const selector = visible(this.#timeline.selector)
    if (timestamp === undefined) {
      return { reason: 'timeline', detail: `the television has not said yet where ${selector} is` }
    }
    if (timestamp.contentTime === null) return { reason: 'timeline', detail: `the television has no ${selector} now` }
    if (client?.clock.available !== true) {
      return { reason: 'wall-clock', detail: `no answer that is sure enough from ${displayUrl(wallClock.url)}` }
    }
    return undefined
  }

  #whyNoTimeline(): Unavailable {
    const { timelineSelector } = this.#options
    if (timelineSelector === undefined) return { reason: 'no-timeline', detail: 'CII lists no timelines' }
    return {
      reason: 'tick-rate',
      detail: `CII does not list ${visible(timelineSelector)}, and its tick rate is not known`,
    }
  }
}
