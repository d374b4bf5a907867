import { type ReadonlySignal, signal } from '@preact/signals'

/** An entry, numbered as it came. */
export interface Numbered<Entry> {
  readonly id: number
  readonly entry: Entry
}

/** The last entries of a stream, the newest first. Those that come within a frame of the screen change the page once. */
export class BoundedList<Entry> {
  readonly #max: number
  readonly #entries = signal<readonly Numbered<Entry>[]>([])
  readonly #omitted = signal(0)
  #waiting: Numbered<Entry>[] = []
  #last = 0
  #isFramed = false

  constructor(max: number) {
    this.#max = max
  }

  get entries(): ReadonlySignal<readonly Numbered<Entry>[]> {
    return this.#entries
  }

  /** How many the television left out, because there were too many. */
  get omitted(): ReadonlySignal<number> {
    return this.#omitted
  }

  add({ entries, omitted }: { readonly entries: readonly Entry[]; readonly omitted: number }): void {
    for (const entry of entries) {
      this.#last += 1
      this.#waiting.unshift({ id: this.#last, entry })
    }
    // Frames stop in a hidden tab.
    this.#waiting.length = Math.min(this.#waiting.length, this.#max)
    if (omitted > 0) this.#omitted.value += omitted
    if (this.#isFramed) return
    this.#isFramed = true
    requestAnimationFrame(() => {
      this.#isFramed = false
      this.#entries.value = [...this.#waiting, ...this.#entries.value].slice(0, this.#max)
      this.#waiting = []
    })
  }

  clear(): void {
    this.#waiting = []
    this.#entries.value = []
    this.#omitted.value = 0
  }
}
