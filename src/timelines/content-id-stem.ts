/**
 * Whether a client that gave this stem is meant by this content (TS 103 286-2, clause 5.7.3): the content id is known and begins with
 * the stem. The empty stem means any content.
 */
export function contentIdMatches(contentId: string | null, contentIdStem: string): contentId is string {
  return contentId?.startsWith(contentIdStem) ?? false
}
