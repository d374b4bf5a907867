import type { MediaFollowerEvents, PlayerLimit } from './media-follower-events.js'

export interface ReportListener {
  seek(event: MediaFollowerEvents['seek']): void
  rate(event: MediaFollowerEvents['rate']): void
  hold(event: MediaFollowerEvents['hold']): void
  limit(event: MediaFollowerEvents['limit']): void
}

/** Reports actions on the player, and keeps its detected limits. */
export class PlaybackReports {
  readonly #listener: ReportListener
  readonly #limits = new Set<PlayerLimit>()

  constructor(listener: ReportListener) {
    this.#listener = listener
  }

  get limits(): readonly PlayerLimit[] {
    return [...this.#limits]
  }

  seek(event: MediaFollowerEvents['seek']): void {
    this.#listener.seek(event)
  }

  rate(event: MediaFollowerEvents['rate']): void {
    this.#listener.rate(event)
  }

  hold(event: MediaFollowerEvents['hold']): void {
    this.#listener.hold(event)
  }

  /** Reported once while it lasts. */
  limit(limit: PlayerLimit): void {
    if (this.#limits.has(limit)) return
    this.#limits.add(limit)
    this.#listener.limit({ limit })
  }

  limitGone(...limits: PlayerLimit[]): void {
    for (const limit of limits) this.#limits.delete(limit)
  }
}
