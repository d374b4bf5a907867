const REMEMBERED = 5

/** Until a seek was timed. */
const FIRST_GUESS_SECONDS = 0.1

/** A seek that took longer waited for the network; to aim further ahead would only play what is not due yet. */
const MAX_LEAD_SECONDS = 2

/** By how much to aim ahead, learnt from where the last seeks came out: the middle one of them, so one slow seek changes little. */
export class PlaybackSeekLead {
  readonly #leads: number[] = []

  get seconds(): number {
    const rising = [...this.#leads].sort((a, b) => a - b)
    const upper = rising[Math.floor(rising.length / 2)]
    const lower = rising[Math.floor((rising.length - 1) / 2)]
    return lower === undefined || upper === undefined ? FIRST_GUESS_SECONDS : (lower + upper) / 2
  }

  /** @param errorSeconds how far ahead of the timeline a seek came out, in seconds of the wall, when aimed ahead by `leadSeconds` */
  learn(leadSeconds: number, errorSeconds: number): void {
    this.#leads.push(Math.min(Math.max(leadSeconds - errorSeconds, 0), MAX_LEAD_SECONDS))
    if (this.#leads.length > REMEMBERED) this.#leads.shift()
  }
}
