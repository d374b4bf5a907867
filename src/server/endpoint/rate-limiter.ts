import { LruMap } from 'toad-cache'
import { DEFAULTS } from './defaults.js'

/** Which limit was exceeded: that of this source, or that of all sources together. */
export type RateRefusal = 'rate-limited' | 'rate-limited-total'

/** The fraction of the total below which only known sources are served. */
const RESERVED_SHARE = 0.5

interface Bucket {
  tokens: number
  /** Time of the last update of the tokens, in seconds. */
  at: number
  readonly firstSeen: number
}

/**
 * Token buckets, one for each source and one for the total. Each holds the tokens of one second. Designed for floods from spoofed
 * sources:
 *
 * - A source is forgotten only when its bucket is full again, so that a client cannot gain tokens by displacing sources. Sources
 *   for which there is no room share one bucket.
 * - A source that returns at least a second after it was first seen is known, and is stored apart from new ones. New sources can
 *   use half of the total; the rest is reserved for known ones. A flood from new sources therefore does not starve companions that
 *   were there before.
 */
export class RateLimiter {
  readonly #perSource: number
  readonly #total: number
  readonly #totalBucket: Bucket = { tokens: Number.POSITIVE_INFINITY, at: 0, firstSeen: 0 }
  readonly #newSources: LruMap<Bucket>
  readonly #knownSources: LruMap<Bucket>
  /** The shared bucket of new sources for which there is no room. */
  readonly #sharedBucket: Bucket = { tokens: Number.POSITIVE_INFINITY, at: 0, firstSeen: Number.POSITIVE_INFINITY }

  /** @param maxSources maximum number of new sources, and of known sources, that are stored. */
  constructor(perSource: number, total: number, maxSources: number = DEFAULTS.rateLimitedSources) {
    this.#perSource = perSource
    this.#total = total
    this.#newSources = new LruMap(maxSources)
    this.#knownSources = new LruMap(maxSources)
  }

  /** @returns undefined if both limits are Infinity. */
  static of(perSource: number, total: number): RateLimiter | undefined {
    const isUnlimited = perSource === Number.POSITIVE_INFINITY && total === Number.POSITIVE_INFINITY
    return isUnlimited ? undefined : new RateLimiter(perSource, total)
  }

  /**
   * Takes a token of this source and one of the total, if both have one.
   * @param nowSeconds time of a monotonic clock, the same one at each call.
   * @returns undefined if both had one; otherwise the limit that was exceeded.
   */
  take(source: string, nowSeconds: number): RateRefusal | undefined {
    const known = this.#knownSource(source, nowSeconds)
    const bucket = known ?? this.#newSource(source, nowSeconds)
    const refusal = this.#refusal(bucket, known !== undefined, nowSeconds)
    if (refusal !== undefined) return refusal
    bucket.tokens -= 1
    this.#totalBucket.tokens -= 1
    return undefined
  }

  /** What {@link take} would return, without taking anything. */
  refusal(source: string, nowSeconds: number): RateRefusal | undefined {
    const known = this.#knownSources.get(source)
    const remembered = known ?? this.#newSources.get(source)
    const bucket = remembered ?? (this.#hasRoom(nowSeconds) ? newBucket(nowSeconds) : this.#sharedBucket)
    return this.#refusal(bucket, known !== undefined, nowSeconds)
  }

  #refusal(bucket: Bucket, isKnown: boolean, now: number): RateRefusal | undefined {
    refill(bucket, this.#perSource, now)
    if (bucket.tokens < 1) return 'rate-limited'
    refill(this.#totalBucket, this.#total, now)
    const reserved = isKnown || this.#knownSources.size === 0 ? 0 : Math.floor(this.#total * RESERVED_SHARE)
    return this.#totalBucket.tokens < 1 + reserved ? 'rate-limited-total' : undefined
  }

  #knownSource(source: string, now: number): Bucket | undefined {
    const known = this.#knownSources.get(source)
    if (known !== undefined) return known
    const bucket = this.#newSources.get(source)
    if (bucket === undefined || now - bucket.firstSeen < DEFAULTS.knownSourceAfterSeconds) return undefined
    // Active sources keep their places: a flood that becomes known displaces only inactive ones.
    const oldest = oldestOf(this.#knownSources)
    const isFull = this.#knownSources.size >= this.#knownSources.max
    if (isFull && oldest !== undefined && now - oldest.at < DEFAULTS.knownSourceIdleSeconds) return undefined
    this.#newSources.delete(source)
    this.#knownSources.set(source, bucket)
    return bucket
  }

  #newSource(source: string, now: number): Bucket {
    const remembered = this.#newSources.get(source)
    if (remembered !== undefined) return remembered
    if (!this.#hasRoom(now)) return this.#sharedBucket
    const bucket = newBucket(now)
    this.#newSources.set(source, bucket)
    return bucket
  }

  /** The least recently seen source may be forgotten if a new bucket would not give it more tokens. */
  #hasRoom(now: number): boolean {
    const oldest = oldestOf(this.#newSources)
    if (oldest === undefined || this.#newSources.size < this.#newSources.max) return true
    refill(oldest, this.#perSource, now)
    return oldest.tokens >= burstOf(this.#perSource)
  }
}

function newBucket(now: number): Bucket {
  return { tokens: Number.POSITIVE_INFINITY, at: now, firstSeen: now }
}

function burstOf(perSecond: number): number {
  return Math.max(1, perSecond)
}

function refill(bucket: Bucket, perSecond: number, now: number): void {
  const added = perSecond === Number.POSITIVE_INFINITY ? perSecond : (now - bucket.at) * perSecond
  bucket.tokens = Math.min(burstOf(perSecond), bucket.tokens + added)
  bucket.at = now
}

function oldestOf(sources: LruMap<Bucket>): Bucket | undefined {
  return sources.first?.value
}
