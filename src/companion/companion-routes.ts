import type { UnavailableReason } from './companion-events.js'
import type { CompanionRoute, RouteUrls } from './companion-target.js'
import type { CiiClient } from './connections/index.js'

/** A way to a television, and the CII client for it. */
export interface Route extends RouteUrls {
  readonly cii: CiiClient
}

export interface CompanionRoutesHandlers {
  /** The state of another CII client counts from now on. @param reason why not the way that is tried first, or was used before. */
  chosen(route: Route, reason: string | undefined): void
}

/** Seconds in which a connected television has to send CII, if there is another way. */
const SILENT_SECONDS = 5
/** Seconds in which there has to be a position, as far as the television's servers are concerned, if there is another way. */
const UNUSABLE_SECONDS = 15
/** Seconds until a way that was left because it was of no use is left again, so that two of them do not alternate all the time. */
const LEAVE_AGAIN_SECONDS = 60

/** Reasons of a position that is unavailable by which a way to the television is of no use, and for how long they may last. */
const UNUSABLE: Partial<Record<UnavailableReason, number>> = {
  'no-wall-clock': 0,
  'no-udp': 0,
  'no-ts': 0,
  ts: UNUSABLE_SECONDS,
  'wall-clock': UNUSABLE_SECONDS,
}

/**
 * Tries the ways to a television in turn, the native one first, and stays with the first that sends CII. It tries the next one if a
 * connection fails, if no CII arrives, or if CII names no usable servers. The CII of the last way counts until another way has one.
 */
export class CompanionRoutes {
  readonly #routes: readonly Route[]
  readonly #handlers: CompanionRoutesHandlers
  #chosen: Route | undefined
  #tried: Route
  #started = false
  /** Ways that have failed since the last CII message. */
  #failures = 0
  /** Why the way before was left. */
  #reason: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Runs while the chosen way is of no use. */
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

  /** The way whose CII counts; the one that is tried while there is none yet. */
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
   * An attempt to connect to CII has failed.
   * @param retryInSeconds until the same client would try again.
   * @returns seconds until the next attempt, to whichever.
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

  /** The position is available, or unavailable for a reason that another way would not change. */
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

  /** Leaves the way that is tried for the next one: at once, or later when all have failed. @returns seconds until then. */
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
