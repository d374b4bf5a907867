/** One of each kind of character that commands a terminal, hides or reorders text, or breaks a line. */
export const HOSTILE =
  'A\u001b]0;owned\u0007B\u009b2JC\u202eD\u2066E\u200f\u061c\u2028F\u2029\u0085G\u200b\u00ad\ufeff\nFAKE line\r\u007f\u0000\ud800H\udc00\u{e0041}\ufffe\u3164\ue000'

const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** The unsafe characters in what a program printed or logged, as code points; line feeds between lines are none. */
export function unsafeCharacters(output: string): string[] {
  const found = [...output.replaceAll('\n', '')].filter((character) => UNSAFE.test(character))
  return found.map((character) => `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`)
}
