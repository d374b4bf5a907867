import { LruMap } from 'toad-cache'
import { DEFAULTS } from './defaults.js'

interface Bucket {
  tokens: number
  /** When the tokens were counted, in seconds. */
  at: number
}

/**
 * One token bucket for each source: so many a second in the long run, and as many at once as a second brings. The sources
 * that were heard last are remembered, up to a fixed number; one that was forgotten begins anew.
 */
export class TokenBuckets {
  readonly #perSecond: number
  readonly #burst: number
  readonly #buckets: LruMap<Bucket>

  /** @param perSecond tokens a second, above 0. */
  constructor(perSecond: number, maxSources: number = DEFAULTS.rateLimitedSources) {
    this.#perSecond = perSecond
    this.#burst = Math.max(1, perSecond)
    this.#buckets = new LruMap(maxSources)
  }

  /**
   * @param nowSeconds of any monotonic clock, the same at each call.
   * @returns whether this source had a token left; it has one fewer then.
   */
  take(source: string, nowSeconds: number): boolean {
    let bucket = this.#buckets.get(source)
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, at: nowSeconds }
      this.#buckets.set(source, bucket)
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowSeconds - bucket.at) * this.#perSecond)
    bucket.at = nowSeconds
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
