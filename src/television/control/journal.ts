/** The entries since a sequence number, oldest first. */
export interface JournalPart<Entry> {
  readonly entries: { readonly entries: readonly Entry[]; readonly omitted: number }
  /** The sequence number from which to read on. */
  readonly next: number
}

/** The last entries of a stream of which a slow reader may miss some. */
export class Journal<Entry> {
  readonly #ring: Entry[] = []
  readonly #capacity: number
  #added = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(entry: Entry): void {
    this.#ring[this.#added % this.#capacity] = entry
    this.#added += 1
  }

  /**
   * @param sequence the `next` of the last reading. 0 for the first one: what was forgotten before it does not count as omitted.
   * @returns the latest entries, and how many before them were omitted.
   */
  since(sequence: number): JournalPart<Entry> {
    const oldest = Math.max(0, this.#added - this.#capacity)
    const unread = sequence === 0 ? oldest : sequence - 1
    const from = Math.min(Math.max(unread, oldest), this.#added)
    const entries: Entry[] = []
    for (let each = from; each < this.#added; each += 1) entries.push(this.#ring[each % this.#capacity] as Entry)
    return { entries: { entries, omitted: from - unread }, next: this.#added + 1 }
  }
}
