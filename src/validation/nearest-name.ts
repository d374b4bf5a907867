/** More edits than this make another name of it. */
const MOST_EDITS = 3
/** Names are cut here: what a misspelt name can be taken for is no longer. */
const LONGEST_NAME = 64

/** The known name that a misspelt one is most like, if one is like it. Case does not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.slice(0, LONGEST_NAME).toLowerCase()
  let nearest: string | undefined
  let fewest = Math.min(MOST_EDITS, Math.floor(wanted.length / 2)) + 1
  for (const candidate of known) {
    const edits = editsBetween(wanted, candidate.toLowerCase())
    if (edits >= fewest) continue
    fewest = edits
    nearest = candidate
  }
  return nearest
}

/** The Levenshtein distance: how many letters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
