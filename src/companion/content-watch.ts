import type { Cii } from '../messages/index.js'

/** Detects a change of content from the content ids in CII. */
export class ContentWatch {
  #contentId: string | undefined

  /**
   * @returns whether the content has changed. An id that was only extended or shortened identifies the same content, as when a
   * `partial` id becomes `final`. A temporary null does not count as a change.
   */
  isOther({ contentId }: Cii): boolean {
    if (typeof contentId !== 'string') return false
    const before = this.#contentId
    this.#contentId = contentId
    return before !== undefined && !contentId.startsWith(before) && !before.startsWith(contentId)
  }
}
