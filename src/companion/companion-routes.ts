import type { UnavailableReason } from './companion-events.js'
import type { CompanionRoute, RouteUrls } from './companion-target.js'
import type { CiiClient } from './connections/index.js'

/** A route to a television, with its CII client. */
export interface Route extends RouteUrls {
  readonly cii: CiiClient
}

export interface CompanionRoutesHandlers {
  /** The companion now follows the state of another CII client. @param reason why the previous or the preferred route is not used. */
  chosen(route: Route, reason: string | undefined): void
}

/** Seconds within which a connected television must send CII, if there is another route. */
const SILENT_SECONDS = 5
/** Seconds for which the television's servers may fail to give a position, if there is another route. */
const UNUSABLE_SECONDS = 15
/** Minimum seconds between two departures from the same unusable route, so that the companion does not alternate constantly. */
const LEAVE_AGAIN_SECONDS = 60

/** Reasons of an unavailable position that make a route unusable, and the seconds for which they are tolerated. */
const UNUSABLE: Partial<Record<UnavailableReason, number>> = {
  'no-wall-clock': 0,
  'no-udp': 0,
  'no-ts': 0,
  ts: UNUSABLE_SECONDS,
  'wall-clock': UNUSABLE_SECONDS,
}

/**
 * Tries the routes to a television in turn, the native one first, and keeps the first one that delivers CII. It tries the next one if
 * a connection fails, if no CII arrives, or if CII names no usable servers. Until another route delivers CII, the last CII is used.
 */
export class CompanionRoutes {
  readonly #routes: readonly Route[]
  readonly #handlers: CompanionRoutesHandlers
  #chosen: Route | undefined
  #tried: Route
  #started = false
  /** Number of routes that have failed since the last CII message. */
  #failures = 0
  /** Why the companion left the previous route. */
  #reason: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Runs while the chosen route is unusable. */
  #unusableTimer: ReturnType<typeof setTimeout> | undefined
  #unusableSeconds: number | undefined
  readonly #leftAt = new Map<CompanionRoute, number>()

  /** @param routes at least one. */
  constructor(routes: readonly [Route, ...Route[]], handlers: CompanionRoutesHandlers) {
    this.#routes = routes
    this.#handlers = handlers
    this.#tried = routes[0]
    for (const route of routes) {
      route.cii.on('connected', () => this.#connected(route))
      route.cii.on('message', () => this.#received(route))
      route.cii.on('disconnected', () => clearTimeout(this.#timer))
    }
  }

  /** The route whose CII is used. Before the first CII: the one that is being tried. */
  get current(): Route {
    return this.#chosen ?? this.#tried
  }

  start(): void {
    this.#started = true
    this.#tried.cii.start()
  }

  stop(): void {
    this.#started = false
    this.#failures = 0
    this.#reason = undefined
    clearTimeout(this.#timer)
    this.usable()
    for (const { cii } of this.#routes) cii.stop()
  }

  /**
   * Records a failed attempt to connect to CII.
   * @param retryInSeconds seconds until the same client would try again.
   * @returns seconds until the next attempt, by this or another route.
   */
  failed(route: Route, message: string, retryInSeconds: number | undefined): number | undefined {
    if (!this.#hasOthers || route !== this.#tried || !this.#started) return retryInSeconds
    return this.#next(message, retryInSeconds ?? SILENT_SECONDS)
  }

  /** The position is unavailable. */
  unusable(reason: UnavailableReason, detail: string): void {
    const seconds = UNUSABLE[reason]
    if (seconds === undefined || !this.#hasOthers || this.#chosen !== this.#tried) {
      this.usable()
      return
    }
    if (this.#unusableSeconds === seconds) return
    this.usable()
    this.#unusableSeconds = seconds
    const { route } = this.#tried
    const sinceLeft = (performance.now() - (this.#leftAt.get(route) ?? Number.NEGATIVE_INFINITY)) / 1000
    const waitSeconds = Math.max(seconds, LEAVE_AGAIN_SECONDS - sinceLeft)
    this.#unusableTimer = setTimeout(() => {
      this.usable()
      if (!this.#started || this.#chosen !== this.#tried) return
      this.#leftAt.set(route, performance.now())
      this.#failures = 0
      this.#next(detail, 0)
    }, waitSeconds * 1000)
  }

  /** The position is available, or unavailable for a reason that does not depend on the route. */
  usable(): void {
    clearTimeout(this.#unusableTimer)
    this.#unusableSeconds = undefined
  }

  get #hasOthers(): boolean {
    return this.#routes.length > 1
  }

  #connected(route: Route): void {
    if (!this.#hasOthers || route !== this.#tried) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#next(`no CII within ${SILENT_SECONDS} s`, SILENT_SECONDS)
    }, SILENT_SECONDS * 1000)
  }

  #received(route: Route): void {
    if (route !== this.#tried) return
    clearTimeout(this.#timer)
    this.#failures = 0
    if (route === this.#chosen) return
    const reason = this.#reason
    this.#reason = undefined
    this.#chosen = route
    this.usable()
    this.#handlers.chosen(route, reason)
  }

  /** Switches to the next route: immediately, or after a pause if all have failed. @returns seconds until the next attempt. */
  #next(reason: string, pauseSeconds: number): number {
    clearTimeout(this.#timer)
    this.#reason = reason
    this.#failures += 1
    const seconds = this.#failures % this.#routes.length === 0 ? pauseSeconds : 0
    const left = this.#tried
    const next = this.#routes[(this.#routes.indexOf(left) + 1) % this.#routes.length]
    if (next !== undefined) this.#tried = next
    left.cii.stop()
    this.#timer = setTimeout(() => {
      if (this.#started) this.#tried.cii.start()
    }, seconds * 1000)
    return seconds
  }
}
