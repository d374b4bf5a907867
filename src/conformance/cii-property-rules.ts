import { shown } from './cii-message-rules.js'
import { type CiiObservations, ciiMessages, valuesOf } from './cii-observations.js'
import { CLAUSE_CII, eachOf, FIELD_PRACTICE, fail, type Outcome, type Rule, skipped, warn } from './rule.js'
import { asObject, isUri } from './values.js'

/** What stands in the properties of CII messages, in all of them. */
export const CII_PROPERTY_RULES: readonly Rule<CiiObservations>[] = [
  {
    id: 'cii-content-id-status',
    title: 'contentId never comes without contentIdStatus, which is "partial" or "final"',
    source: CLAUSE_CII,
    judge: (observed) =>
      eachOf(
        ciiMessages(observed).filter(({ message }) => 'contentId' in message || 'contentIdStatus' in message),
        ({ message: { contentId, contentIdStatus: status } }) => {
          if (contentId !== undefined && status === undefined) {
            return fail('a contentIdStatus beside the contentId', `${shown(contentId)} alone`)
          }
          const known = status === 'partial' || status === 'final'
          const absent = status === null || status === undefined
          if (contentId !== null && contentId !== undefined && absent)
            return fail('"partial" or "final"', shown(status))
          return known || absent ? undefined : fail('"partial" or "final"', shown(status))
        },
        'it does not',
        'no contentId came',
      ),
  },
  property('contentId', 'cii-content-id', 'contentId is a URI', (value) =>
    isUri(value) ? undefined : fail('a URI', shown(value)),
  ),
  property(
    'presentationStatus',
    'cii-presentation-status',
    'presentationStatus is words parted by single spaces, the first okay, transitioning or fault',
    (value) =>
      typeof value === 'string' && /^(okay|transitioning|fault)( [^\s]+)*$/.test(value)
        ? undefined
        : fail('"okay", "transitioning" or "fault", and any further words', shown(value)),
  ),
  property('wcUrl', 'cii-wc-url', 'wcUrl is udp://host:port', (value) => {
    const url = parseUrl(value)
    if (url === undefined) return fail('udp://host:port', shown(value))
    if (url.protocol === 'ws:' || url.protocol === 'wss:') {
      return warn('udp://host:port', `${shown(value)}, for companions in a browser only`)
    }
    const complete = url.protocol === 'udp:' && url.hostname !== '' && url.port !== ''
    return complete ? undefined : fail('udp://host:port', shown(value))
  }),
  webSocketUrl('tsUrl', 'cii-ts-url'),
  webSocketUrl('teUrl', 'cii-te-url'),
  property('mrsUrl', 'cii-mrs-url', 'mrsUrl is an http or https URL', (value) =>
    /^https?:$/.test(parseUrl(value)?.protocol ?? '') ? undefined : fail('http://… or https://…', shown(value)),
  ),
  {
    id: 'cii-endpoints-offered',
    title: 'the television tells where its wall clock and its timelines are',
    source: CLAUSE_CII,
    judge: (observed) =>
      eachOf(
        ciiMessages(observed).length === 0 ? [] : ['wcUrl', 'tsUrl'],
        (name) => (valuesOf(observed, name).length > 0 ? undefined : warn(`a ${name}`, 'none')),
        'it does',
      ),
  },
  {
    id: 'cii-urls-reachable',
    title: 'the URLs name hosts that a companion can reach: none that means every address, or the companion itself',
    source: FIELD_PRACTICE,
    judge: (observed) =>
      eachOf(
        ['wcUrl', 'tsUrl', 'teUrl', 'mrsUrl'].flatMap((name) =>
          valuesOf(observed, name).map((value) => [name, parseUrl(value)] as const),
        ),
        ([name, url]) => {
          if (url === undefined) return undefined
          const everywhere = /^(0\.0\.0\.0|\[::\])$/.test(url.hostname)
          const itself = isLoopback(url.hostname) && !isLoopback(parseUrl(observed.url)?.hostname ?? '')
          return everywhere || itself ? fail(`a host in ${name} that others reach`, url.hostname) : undefined
        },
        'they do',
        'no URLs came',
      ),
  },
  property('timelines', 'cii-timelines', 'timelines is a list of selectors with their tick rates', (value) => {
    if (!Array.isArray(value)) return fail('a list', shown(value))
    return value.map((option: unknown) => wrongTimeline(option)).find((outcome) => outcome !== undefined)
  }),
  property('timelines', 'cii-timelines-distinct', 'no timeline is listed twice', (value) => {
    if (!Array.isArray(value)) return undefined
    const selectors = value.map((option: unknown) => asObject(option)?.timelineSelector)
    const twice = selectors.find((selector, index) => selectors.indexOf(selector) !== index)
    return twice === undefined ? undefined : warn('each selector once', `${shown(twice)} twice`)
  }),
  property('private', 'cii-private', 'private is a list of objects, each with a URI as its type', (value) => {
    const wrong = Array.isArray(value) ? value.find((item: unknown) => !isUri(asObject(item)?.type)) : value
    return wrong === undefined ? undefined : fail('objects with a "type" that is a URI', shown(wrong))
  }),
]

function property(
  name: string,
  id: string,
  title: string,
  complaint: (value: unknown) => Outcome | undefined,
): Rule<CiiObservations> {
  return {
    id,
    title,
    source: CLAUSE_CII,
    judge: (observed) => {
      const values = valuesOf(observed, name)
      if (values.length === 0) return skipped(`no ${name} came`)
      return eachOf(values, complaint, shown(values[0]))
    },
  }
}

function webSocketUrl(name: string, id: string): Rule<CiiObservations> {
  return property(name, id, `${name} is a ws or wss URL`, (value) => {
    const url = parseUrl(value)
    const valid = url !== undefined && /^wss?:$/.test(url.protocol) && url.hash === ''
    return valid ? undefined : fail('ws://… or wss://…', shown(value))
  })
}

function wrongTimeline(value: unknown): Outcome | undefined {
  const option = asObject(value)
  const properties = asObject(option?.timelineProperties)
  if (option === undefined || !isUri(option.timelineSelector))
    return fail('a timelineSelector that is a URI', shown(value))
  if (properties === undefined) return fail('timelineProperties, an object', shown(value))
  for (const name of ['unitsPerTick', 'unitsPerSecond']) {
    const units = properties[name]
    if (!Number.isSafeInteger(units) || (units as number) < 1) {
      return fail(`${name} of ${shown(option.timelineSelector)}: a whole number above 0`, shown(units))
    }
  }
  const { accuracy } = properties
  const accurate = accuracy === undefined || (Number.isFinite(accuracy) && (accuracy as number) >= 0)
  return accurate ? undefined : fail('accuracy: seconds, 0 or above', shown(accuracy))
}

function parseUrl(value: unknown): URL | undefined {
  return isUri(value) && URL.canParse(value) ? new URL(value) : undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
