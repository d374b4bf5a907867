import { isLoopback } from '../validation/index.js'
import { describe } from './cii-message-rules.js'
import { type CiiObservations, ciiMessages, valuesOf } from './cii-observations.js'
import { asObject, isUri } from './json-values.js'
import {
  CLAUSE_CII,
  eachOf,
  FIELD_PRACTICE,
  fail,
  type Outcome,
  type Rule,
  type Severity,
  skipped,
  warn,
} from './rule.js'

/** The values of the properties, in all CII messages. */
export const CII_PROPERTY_RULES: readonly Rule<CiiObservations>[] = [
  {
    id: 'cii-content-id-status',
    title: 'contentId is accompanied by contentIdStatus, which is "partial" or "final"',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'pydvbcss: it rejects the whole message for an unknown status. Companions that wait for a final content id wait in vain.',
    step: 'cii-observation',
    judge: (observed) =>
      eachOf(
        ciiMessages(observed).filter(({ message }) => 'contentId' in message || 'contentIdStatus' in message),
        ({ message: { contentId, contentIdStatus: status } }) => {
          if (contentId !== undefined && status === undefined) {
            return fail('a contentIdStatus with the contentId', `${describe(contentId)} alone`)
          }
          const known = status === 'partial' || status === 'final'
          const absent = status === null || status === undefined
          if (contentId !== null && contentId !== undefined && absent)
            return fail('"partial" or "final"', describe(status))
          return known || absent ? undefined : fail('"partial" or "final"', describe(status))
        },
        'it is',
        'no contentId received',
      ),
  },
  property(
    'contentId',
    'cii-content-id',
    'contentId is a URI',
    { harm: 'pydvbcss: it rejects the whole message. Others match content ids as URIs.' },
    (value) => (isUri(value) ? undefined : fail('a URI', describe(value))),
  ),
  property(
    'presentationStatus',
    'cii-presentation-status',
    'presentationStatus is okay, transitioning or fault, optionally followed by words, separated by single spaces',
    { harm: 'pydvbcss: it rejects the whole message, for example for a list. Others take the television for silent.' },
    (value) =>
      typeof value === 'string' && /^(okay|transitioning|fault)( [^\s]+)*$/.test(value)
        ? undefined
        : fail('"okay", "transitioning" or "fault", optionally followed by further words', describe(value)),
  ),
  property(
    'wcUrl',
    'cii-wc-url',
    'wcUrl is udp://host:port',
    { harm: 'Every companion: it finds no wall clock.' },
    (value) => {
      const url = parseUrl(value)
      if (url === undefined) return fail('udp://host:port', describe(value))
      if (url.protocol === 'ws:' || url.protocol === 'wss:') {
        return warn('udp://host:port', `${describe(value)}, which only companions in a browser can use`)
      }
      const complete = url.protocol === 'udp:' && url.hostname !== '' && url.port !== ''
      return complete ? undefined : fail('udp://host:port', describe(value))
    },
  ),
  webSocketUrl('tsUrl', 'cii-ts-url', 'Every companion: it finds no timelines.'),
  webSocketUrl('teUrl', 'cii-te-url', 'Companions that use trigger events: they find none.'),
  property(
    'mrsUrl',
    'cii-mrs-url',
    'mrsUrl is an http or https URL',
    { harm: 'Companions that resolve material: they cannot.' },
    (value) =>
      /^https?:$/.test(parseUrl(value)?.protocol ?? '') ? undefined : fail('http://… or https://…', describe(value)),
  ),
  {
    id: 'cii-endpoints-offered',
    title: 'CII contains the URLs of the wall clock and of CSS-TS',
    source: CLAUSE_CII,
    severity: 'advice',
    harm: 'Every companion: it cannot synchronise.',
    step: 'cii-observation',
    judge: (observed) =>
      eachOf(
        ciiMessages(observed).length === 0 ? [] : ['wcUrl', 'tsUrl'],
        (name) => (valuesOf(observed, name).length > 0 ? undefined : warn(`a ${name}`, 'none')),
        'it does',
      ),
  },
  {
    id: 'cii-urls-reachable',
    title: 'the URLs name hosts that a companion can reach, neither a wildcard address nor loopback',
    source: FIELD_PRACTICE,
    severity: 'field',
    harm: 'Every companion on another device: it connects to itself, or to nothing.',
    step: 'cii-observation',
    judge: (observed) =>
      eachOf(
        ['wcUrl', 'tsUrl', 'teUrl', 'mrsUrl'].flatMap((name) =>
          valuesOf(observed, name).map((value) => [name, parseUrl(value)] as const),
        ),
        ([name, url]) => {
          if (url === undefined) return undefined
          const isWildcard = /^(0\.0\.0\.0|\[::\])$/.test(url.hostname)
          const isOwnLoopback = isLoopback(url.hostname) && !isLoopback(parseUrl(observed.url)?.hostname ?? '')
          return isWildcard || isOwnLoopback
            ? fail(`a host in ${name} that other devices can reach`, url.hostname)
            : undefined
        },
        'they do',
        'no URLs received',
      ),
  },
  property(
    'timelines',
    'cii-timelines',
    'timelines is an array of selectors with tick rates',
    {
      harm: 'pydvbcss: it rejects the whole message. Every companion: without a tick rate it cannot convert positions to seconds.',
    },
    (value) => {
      if (!Array.isArray(value)) return fail('an array', describe(value))
      return value.map((option: unknown) => wrongTimeline(option)).find((outcome) => outcome !== undefined)
    },
  ),
  property(
    'timelines',
    'cii-timelines-distinct',
    'no timeline is listed twice',
    {
      harm: 'No companion is known that it harms; with two tick rates it is undefined which one counts.',
      severity: 'advice',
    },
    (value) => {
      if (!Array.isArray(value)) return undefined
      const selectors = value.map((option: unknown) => asObject(option)?.timelineSelector)
      const twice = selectors.find((selector, index) => selectors.indexOf(selector) !== index)
      return twice === undefined ? undefined : warn('each selector once', `${describe(twice)} twice`)
    },
  ),
  property(
    'private',
    'cii-private',
    'private is an array of objects, each with a URI as its type',
    { harm: 'pydvbcss: it rejects the whole message.' },
    (value) => {
      const wrong = Array.isArray(value) ? value.find((item: unknown) => !isUri(asObject(item)?.type)) : value
      return wrong === undefined ? undefined : fail('objects with a "type" that is a URI', describe(wrong))
    },
  ),
]

function property(
  name: string,
  id: string,
  title: string,
  { harm, severity = 'fault' }: { harm: string; severity?: Severity },
  problemWith: (value: unknown) => Outcome | undefined,
): Rule<CiiObservations> {
  return {
    id,
    title,
    source: CLAUSE_CII,
    severity,
    harm,
    step: 'cii-observation',
    judge: (observed) => {
      const values = valuesOf(observed, name)
      if (values.length === 0) return skipped(`no ${name} received`)
      return eachOf(values, problemWith, describe(values[0]))
    },
  }
}

function webSocketUrl(name: string, id: string, harm: string): Rule<CiiObservations> {
  return property(name, id, `${name} is a ws or wss URL`, { harm }, (value) => {
    const url = parseUrl(value)
    const isValid = url !== undefined && /^wss?:$/.test(url.protocol) && url.hash === ''
    return isValid ? undefined : fail('ws://… or wss://…', describe(value))
  })
}

function wrongTimeline(value: unknown): Outcome | undefined {
  const option = asObject(value)
  const properties = asObject(option?.timelineProperties)
  if (option === undefined || !isUri(option.timelineSelector))
    return fail('a timelineSelector that is a URI', describe(value))
  if (properties === undefined) return fail('timelineProperties, an object', describe(value))
  for (const name of ['unitsPerTick', 'unitsPerSecond']) {
    const units = properties[name]
    if (!Number.isSafeInteger(units) || (units as number) < 1) {
      return fail(`${name} of ${describe(option.timelineSelector)}: a positive integer`, describe(units))
    }
  }
  const { accuracy } = properties
  const accurate = accuracy === undefined || (Number.isFinite(accuracy) && (accuracy as number) >= 0)
  return accurate ? undefined : fail('accuracy: a non-negative number of seconds', describe(accuracy))
}

function parseUrl(value: unknown): URL | undefined {
  return isUri(value) && URL.canParse(value) ? new URL(value) : undefined
}
