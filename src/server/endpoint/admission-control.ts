import { checkOption, checkOptions } from '../../validation/index.js'
import { AddressFilter, type AddressFilterOptions } from './address-filter.js'
import { ADMISSION_OPTIONS } from './endpoint-options.js'
import type { RefusalReason } from './endpoint-statistics.js'
import { RateLimiter } from './rate-limiter.js'
import { sourceKey } from './source-key.js'

/** Limits on the connections and handshakes that an endpoint accepts. */
export interface AdmissionOptions extends AddressFilterOptions {
  /** Maximum number of open connections; further handshakes are answered with 503. Default: no limit. */
  maxConnections?: number
  /** Whether clients may connect. Default true. */
  enabled?: boolean
  /** Maximum number of open connections per remote address (IPv6: per /64); further handshakes are answered with 429. Default: no limit. */
  maxConnectionsPerAddress?: number
  /**
   * Maximum handshakes per second and remote address (IPv6: per /64), also as a burst; others are answered with 429. Failed and
   * refused handshakes count too. Default: no limit.
   */
  maxHandshakesPerSecond?: number
  /** Maximum handshakes per second of all addresses together; others are answered with 503. Default: no limit. */
  maxHandshakesPerSecondTotal?: number
}

/** A connection's share of the limits. */
export interface Place {
  /** Must be called when the socket has closed; further calls have no effect. */
  release(): void
}

/** The decision on a handshake: a place that must be released when the socket has closed, or the reason for a refusal. */
export type Admission = Place | Refusal

/** A handshake that is refused. */
export interface Refusal {
  /** Why the handshake is refused. */
  readonly refusal: RefusalReason
}

/** Decides which handshakes become connections, and counts the places that are taken. */
export class AdmissionControl {
  #maxConnections: number
  #enabled: boolean
  readonly #maxConnectionsPerAddress: number
  readonly #handshakeRate: RateLimiter | undefined
  readonly #filter: AddressFilter | undefined
  #reserved = 0
  readonly #reservedBySource = new Map<string, number>()

  /** @throws InvalidOptionError, ConflictingOptionError */
  constructor(options: AdmissionOptions) {
    const checked = checkOptions(ADMISSION_OPTIONS, options, { others: 'any' })
    this.#maxConnections = checked.maxConnections
    this.#enabled = checked.enabled
    this.#maxConnectionsPerAddress = checked.maxConnectionsPerAddress
    this.#handshakeRate = RateLimiter.of(checked.maxHandshakesPerSecond, checked.maxHandshakesPerSecondTotal)
    this.#filter = AddressFilter.of(options)
  }

  get maxConnections(): number {
    return this.#maxConnections
  }

  set maxConnections(value: number) {
    this.#maxConnections = checkOption('maxConnections', ADMISSION_OPTIONS.maxConnections, value)
  }

  get enabled(): boolean {
    return this.#enabled
  }

  set enabled(value: boolean) {
    this.#enabled = checkOption('enabled', ADMISSION_OPTIONS.enabled, value)
  }

  /**
   * The reason for which a handshake would be refused now. Does not count against any limit.
   * @param remoteAddress if omitted, limits by address are not checked.
   */
  refusal(remoteAddress: string | undefined): RefusalReason | undefined {
    if (remoteAddress === undefined) return this.#refusalOfPlace(undefined)
    if (this.#filter?.isServed(remoteAddress) === false) return 'denied'
    const source = this.#sourceOf(remoteAddress)
    return this.#handshakeRate?.refusal(source, nowSeconds()) ?? this.#refusalOfPlace(source)
  }

  /**
   * Decides on a handshake. A place counts from now on, not from when the connection is open, so that concurrent handshakes cannot
   * exceed the limit.
   */
  admit(remoteAddress: string): Admission {
    if (this.#filter?.isServed(remoteAddress) === false) return { refusal: 'denied' }
    const source = this.#sourceOf(remoteAddress)
    const refusal = this.#handshakeRate?.take(source, nowSeconds()) ?? this.#refusalOfPlace(source)
    if (refusal !== undefined) return { refusal }
    this.#reserve(source, 1)
    return new ReservedPlace(this.#release, source)
  }

  /** Counts a handshake that ended before it could be admitted. */
  failed(remoteAddress: string): void {
    this.#handshakeRate?.take(this.#sourceOf(remoteAddress), nowSeconds())
  }

  /** The source is only needed for limits by address. */
  #sourceOf(remoteAddress: string): string {
    const isNeeded = this.#handshakeRate !== undefined || this.#isLimitedPerAddress
    return isNeeded ? sourceKey(remoteAddress) : ''
  }

  get #isLimitedPerAddress(): boolean {
    return this.#maxConnectionsPerAddress !== Number.POSITIVE_INFINITY
  }

  readonly #release = (source: string): void => this.#reserve(source, -1)

  #refusalOfPlace(source: string | undefined): RefusalReason | undefined {
    if (!this.#enabled) return 'disabled'
    if (this.#reserved >= this.#maxConnections) return 'full'
    const ofSource = source === undefined ? 0 : (this.#reservedBySource.get(source) ?? 0)
    return ofSource < this.#maxConnectionsPerAddress ? undefined : 'address-full'
  }

  #reserve(source: string, change: 1 | -1): void {
    this.#reserved += change
    if (!this.#isLimitedPerAddress) return
    const ofSource = (this.#reservedBySource.get(source) ?? 0) + change
    if (ofSource === 0) this.#reservedBySource.delete(source)
    else this.#reservedBySource.set(source, ofSource)
  }
}

class ReservedPlace implements Place {
  #release: ((source: string) => void) | undefined
  readonly #source: string

  constructor(release: (source: string) => void, source: string) {
    this.#release = release
    this.#source = source
  }

  release(): void {
    this.#release?.(this.#source)
    this.#release = undefined
  }
}

function nowSeconds(): number {
  return performance.now() / 1000
}
