/**
 * Characters that a line of a log or of a terminal may show of one text of a peer. The longest honest one, a URL with
 * a token, has about half of that.
 */
const MAX_SHOWN_CHARACTERS = 256

/**
 * What a terminal executes, what reorders or hides text, and what breaks lines: controls (C0, DEL, C1), format
 * characters (bidirectional overrides, zero-width characters, tags), lone surrogates, private and unassigned code
 * points, line and paragraph separators, and all else that is drawn as nothing.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const SAFE = /^[\x20-\x7e]*$/

/**
 * Makes a peer's text harmless on one line of a log or a terminal: unsafe characters become `\uXXXX`, and at most
 * `maxCharacters` are left, with an ellipsis where something was cut.
 */
export function visible(text: string, maxCharacters: number = MAX_SHOWN_CHARACTERS): string {
  // Cut first, because the text may be as long as the largest message. Escaping only makes it longer.
  const start = text.length > maxCharacters ? text.slice(0, maxCharacters) : text
  const escaped = escapeUnsafe(start)
  if (escaped.length <= maxCharacters && start === text) return escaped
  // An escape sequence or a surrogate pair that the cut divides goes as a whole.
  const cut = escaped.slice(0, maxCharacters - 1).replace(/(?:\\u?[0-9a-f]{0,3}|[\ud800-\udbff])$/, '')
  return `${cut}…`
}

/**
 * Replaces each unsafe character by `\uXXXX`, and leaves the length as it is. On JSON the result is JSON of the same
 * value, because such characters stand in strings only.
 */
export function escapeUnsafe(text: string): string {
  return SAFE.test(text) ? text : text.replace(UNSAFE, escapeSequence)
}

/** One sequence for each UTF-16 code unit, as JSON has it. */
function escapeSequence(character: string): string {
  let sequence = ''
  for (let index = 0; index < character.length; index++) {
    sequence += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return sequence
}
