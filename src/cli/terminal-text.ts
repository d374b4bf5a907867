/** Control characters, of which terminals make commands: C0, DEL, C1, and those that turn the direction of the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Text from a server, such that it cannot command the terminal: control characters as `\u001b`. */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** An object as one line of JSON, also such that it cannot command the terminal. Times that are bigint become strings. */
export function jsonLine(record: object): string {
  return visible(JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)))
}
