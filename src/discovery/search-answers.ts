/** Limits on answers to searches, so that forged searches cannot flood others. */
export interface AnswerLimits {
  /** Answers a second to one source. Default 5. */
  readonly maxAnswersPerSecond?: number
  /** Answers a second to all sources together. Default 50. */
  readonly maxAnswersPerSecondTotal?: number
}

/** Answers that wait for their random moment, at most. */
const MAX_WAITING = 256
/** Of the time within which a peer waits for answers, this share is used, so that the last one is not too late. */
const USED_SHARE = 0.8
const MAX_SOURCES = 1024

/** Sends the answers to searches at random moments within the time that the peer waits, and limits them. */
export class SearchAnswers {
  readonly #perSource: number
  readonly #total: number
  readonly #waiting = new Set<NodeJS.Timeout>()
  /** How many answers each source got in this second. */
  readonly #sources = new Map<string, number>()
  #answers = 0
  #second = 0

  constructor({ maxAnswersPerSecond = 5, maxAnswersPerSecondTotal = 50 }: AnswerLimits) {
    this.#perSource = maxAnswersPerSecond
    this.#total = maxAnswersPerSecondTotal
  }

  /** @returns why the source gets no answer, if it gets none */
  schedule(
    source: string,
    maxWaitSeconds: number,
    send: () => void,
  ): 'rate-limited' | 'rate-limited-total' | undefined {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#answers = 0
      this.#sources.clear()
    }
    const before = this.#sources.get(source) ?? 0
    if (before >= this.#perSource) return 'rate-limited'
    const isFull = this.#waiting.size >= MAX_WAITING || this.#sources.size >= MAX_SOURCES
    if (this.#answers >= this.#total || isFull) return 'rate-limited-total'
    this.#answers++
    this.#sources.set(source, before + 1)
    const timer = setTimeout(
      () => {
        this.#waiting.delete(timer)
        send()
      },
      Math.random() * maxWaitSeconds * USED_SHARE * 1000,
    ).unref()
    this.#waiting.add(timer)
    return undefined
  }

  cancel(): void {
    for (const timer of this.#waiting) clearTimeout(timer)
    this.#waiting.clear()
  }
}
