import type { Cii } from '../messages/index.js'
import { type Address, findTimelines, findWallClock, type HostRule } from './companion-addresses.js'
import { allowedHostsOf, type CompanionOptions } from './companion-options.js'
import type { CompanionRoutes } from './companion-routes.js'
import { type CompanionTimeline, pickTimeline } from './companion-timeline.js'

/** The servers and the timeline to follow, according to the current CII. */
export interface Plan {
  readonly wallClock: Address
  readonly timelines: Address
  readonly timeline: CompanionTimeline | undefined
}

/** Decides what a companion follows, from its options, from CII and from the route that CII came by. */
export class CompanionPlanner {
  readonly #options: CompanionOptions
  readonly #routes: CompanionRoutes
  #ciiAddress: string | undefined

  constructor(options: CompanionOptions, routes: CompanionRoutes) {
    this.#options = options
    this.#routes = routes
  }

  /** Records the IP address of the CII server; undefined if the platform does not report it. */
  connected(ciiAddress: string | undefined): void {
    this.#ciiAddress = ciiAddress ?? this.#ciiAddress
  }

  /** @param current the timeline that is followed now. */
  plan(current: CompanionTimeline | undefined): Plan {
    const { timelineSelector, tickRate } = this.#options
    return {
      wallClock: this.wallClock(),
      timelines: this.timelines(),
      timeline: pickTimeline(this.#cii, { timelineSelector, tickRate }, current),
    }
  }

  wallClock(): Address {
    const { wallClockUrl, preferWebSocketWallClock: preferWebSocket = false, platform } = this.#options
    if (wallClockUrl !== undefined) return { url: wallClockUrl, problems: [] }
    const { current } = this.#routes
    if (current.wallClockUrl !== undefined) return { url: current.wallClockUrl, problems: [] }
    const hasUdp = platform?.createUdpTransport !== undefined
    return findWallClock(this.#cii, this.#hostRule, { hasUdp, preferWebSocket })
  }

  timelines(): Address {
    const { tsUrl } = this.#routes.current
    return tsUrl === undefined ? findTimelines(this.#cii, this.#hostRule) : { url: tsUrl, problems: [] }
  }

  get #cii(): Cii {
    return this.#routes.current.cii.state
  }

  get #hostRule(): HostRule {
    const origin = { url: this.#routes.current.cii.url, remoteAddress: this.#ciiAddress }
    const { strict = false } = this.#options
    return { strict, allowedHosts: allowedHostsOf(this.#options), origin }
  }
}
