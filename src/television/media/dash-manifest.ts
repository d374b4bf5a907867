import type { X2jOptions } from 'fast-xml-parser'

/** What a television has to know of a DASH manifest. */
export interface DashManifest {
  readonly title: string | undefined
  /** Undefined for a live stream. */
  readonly durationSeconds: number | undefined
  /** The absolute URLs that a player may load: of media, of times and of the manifest itself. */
  readonly urls: readonly URL[]
}

const MAX_TITLE_LENGTH = 200
/** Elements and attributes whose values are URLs (ISO/IEC 23009-1, clauses 5.3 to 5.8). */
const URL_NAMES = [
  'BaseURL',
  'Location',
  'PatchLocation',
  '@media',
  '@initialization',
  '@index',
  '@sourceURL',
  '@xlink:href',
]

const XML_OPTIONS: X2jOptions = {
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  // Those of a document could expand to any length.
  processEntities: false,
  transformTagName: (name) => name.replace(/^.*:/, ''),
}
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Undefined for what is not a DASH manifest. */
export async function dashManifestOf(text: string): Promise<DashManifest | undefined> {
  try {
    const { XMLParser, XMLValidator } = await import('fast-xml-parser')
    if (XMLValidator.validate(text) !== true) return undefined
    const { MPD: mpd } = new XMLParser(XML_OPTIONS).parse(text) as Record<string, unknown>
    if (!isElement(mpd) || mpd.Period === undefined) return undefined
    const { ProgramInformation: information } = mpd
    const title = isElement(information) ? textOf([information.Title].flat()[0]) : undefined
    const duration = mpd['@mediaPresentationDuration']
    return {
      title: title === undefined || title === '' ? undefined : title.slice(0, MAX_TITLE_LENGTH),
      durationSeconds: secondsOf(typeof duration === 'string' ? duration : ''),
      urls: [...urlsIn(mpd)],
    }
  } catch {
    // Not XML, or nested too deeply.
    return undefined
  }
}

function isElement(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An element with attributes has its text as a property. */
function textOf(value: unknown): string | undefined {
  const text = isElement(value) ? value['#text'] : value
  if (typeof text !== 'string') return undefined
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '')
}

function* urlsIn(element: Record<string, unknown>): Generator<URL> {
  for (const [name, content] of Object.entries(element)) {
    for (const each of [content].flat()) {
      const text = URL_NAMES.includes(name) || (name === '@value' && isTimeServer(element)) ? textOf(each) : undefined
      for (const url of text?.trim().split(/\s+/) ?? [])
        if (/^https?:/i.test(url) && URL.canParse(url)) yield new URL(url)
      if (isElement(each)) yield* urlsIn(each)
    }
  }
}

/** Whether it is a `UTCTiming` that is read over HTTP. */
function isTimeServer({ '@schemeIdUri': scheme }: Record<string, unknown>): boolean {
  return typeof scheme === 'string' && scheme.startsWith('urn:mpeg:dash:utc:http-')
}

/** Seconds of an XML Schema duration of days, hours, minutes and seconds. */
function secondsOf(duration: string): number | undefined {
  const match = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration)
  if (match === null) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
  return total > 0 ? total : undefined
}
