/** A host can contain semicolons and commas, which end a directive of a Content-Security-Policy. */
const ORIGIN = /^https?:\/\/(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/

/** The origins of these URLs, each once, that pages can be allowed to load media from. */
export function mediaOrigins(urls: readonly URL[]): string[] {
  return [...new Set(urls.map(({ origin }) => origin))].filter((origin) => ORIGIN.test(origin))
}
