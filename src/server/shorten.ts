import { DEFAULTS } from './defaults.js'

/** Cuts what a peer has sent to what a log line may show of it. */
export function shorten(text: string): string {
  return text.length <= DEFAULTS.loggedCharacters ? text : `${text.slice(0, DEFAULTS.loggedCharacters - 1)}…`
}
