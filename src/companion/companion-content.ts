import type { Cii } from '../messages/index.js'

/** Notices when other content has begun, from the content ids of CII. */
export class ContentWatch {
  #contentId: string | undefined

  /**
   * @returns whether this is other content than before. An id that only became longer or shorter is still that of the same,
   * as a `partial` one that became `final`; so is one that is null for a moment.
   */
  isOther({ contentId }: Cii): boolean {
    if (typeof contentId !== 'string') return false
    const before = this.#contentId
    this.#contentId = contentId
    return before !== undefined && !contentId.startsWith(before) && !before.startsWith(contentId)
  }
}
