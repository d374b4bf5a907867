import { escapeUnsafe } from '../validation/index.js'
import { type CiiObservations, ciiMessages, differences, latestStates, statesOf } from './cii-observations.js'
import { toleratesInvalidMessages } from './endpoint-rules.js'
import { type JsonObject, readObject } from './json-values.js'
import { CLAUSE_CII, eachOf, FIELD_PRACTICE, fail, pass, type Rule, skipped, warn } from './rule.js'

const KNOWN = [
  'protocolVersion',
  'mrsUrl',
  'contentId',
  'contentIdStatus',
  'presentationStatus',
  'wcUrl',
  'tsUrl',
  'teUrl',
  'timelines',
  'private',
]

/** When CII messages are sent, and their form. */
export const CII_MESSAGE_RULES: readonly Rule<CiiObservations>[] = [
  {
    id: 'cii-first-message-sent',
    title: 'the server sends a message right after the handshake, without a request',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'Every companion: without the message it knows neither the content nor the other endpoints.',
    step: 'cii-observation',
    judge: ({ held }) => {
      const [frame] = held.frames
      if (held.openedNanos === undefined) return skipped('there was no connection')
      if (frame === undefined) return fail('a message', 'none')
      const millis = Number(frame.atNanos - held.openedNanos) / 1e6
      const measurement = { name: 'time to the first CII message', value: millis / 1000, unit: 's' } as const
      return millis < 1000
        ? pass(`after ${millis.toFixed(0)} ms`, measurement)
        : warn('immediately', `after ${millis.toFixed(0)} ms`, measurement)
    },
  },
  {
    id: 'cii-json-text',
    title: 'every message is a JSON object in a text frame',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'Every companion: it cannot read the message. pydvbcss and dvbcss-protocols throw an error.',
    step: 'cii-observation',
    judge: ({ held, later }) =>
      eachOf(
        [...held.frames, ...(later?.frames ?? [])],
        ({ text, bytes }) => {
          if (text === undefined) return fail('a text frame', `a binary frame of ${bytes?.length} bytes`)
          return readObject(text) === undefined ? fail('a JSON object', shorten(text)) : undefined
        },
        'all are',
      ),
  },
  {
    id: 'cii-first-message-complete',
    title: 'the first message has all properties that are not null',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'Companions that connect late: they never learn the missing properties.',
    step: 'cii-second-connection',
    judge: ({ held, later }) => {
      const first = later?.frames[0]
      const known = latestStates(held, later)
      const state = readObject(first?.text)
      const last = known.at(-1)
      if (first === undefined || state === undefined || last === undefined) return skipped('needs two connections')
      const missing = Object.keys(last).filter((name) => !(name in state))
      // If the state changed while the second connection was being opened, an earlier state of the first one matches.
      if (missing.length === 0 || known.some((earlier) => differences(withoutNulls(state), earlier).length === 0)) {
        return pass(`${Object.keys(withoutNulls(state)).join(', ')}`)
      }
      return fail(
        `all properties that another connection had received: ${Object.keys(last).join(', ')}`,
        `a first message without ${missing.join(', ')}`,
      )
    },
  },
  {
    id: 'cii-protocol-version',
    title: 'the first message has a protocolVersion, and it is 1.1',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'pydvbcss: it rejects the whole message unless protocolVersion is "1.1".',
    step: 'cii-observation',
    judge: ({ held, later }) =>
      eachOf(
        [held, later].map((record) => readObject(record?.frames[0]?.text)).filter((message) => message !== undefined),
        ({ protocolVersion: version }) => {
          if (typeof version !== 'string') return fail('a protocolVersion that is a string', describe(version))
          return version === '1.1' ? undefined : warn('"1.1"', describe(version))
        },
        '"1.1"',
      ),
  },
  {
    id: 'cii-changes-sent',
    title: 'updates sent to an earlier companion add up to the state that a new one receives',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'Every companion that is already connected: it goes on with the old content or the old endpoints.',
    step: 'cii-second-connection',
    judge: ({ held, later }) => {
      const fresh = readObject(later?.frames[0]?.text)
      const states = latestStates(held, later)
      const last = states.at(-1)
      if (fresh === undefined || last === undefined) return skipped('needs two connections')
      const state = withoutNulls(fresh)
      if (states.some((known) => differences(state, known).length === 0)) return pass('they do')
      // Properties missing from the first message are the business of cii-first-message-complete.
      // Extension data may be different for each connection.
      const isExtension = (name: string) => name === 'private' || !KNOWN.includes(name)
      const stale = differences(state, last).filter((name) => name in state && !isExtension(name))
      if (stale.length === 0) return pass('they do, as far as the first message goes')
      return fail(
        `the same ${stale.join(', ')}: ${stale.map((name) => describe(state[name])).join(', ')}`,
        `${stale.map((name) => describe(last[name])).join(', ')}`,
      )
    },
  },
  {
    id: 'cii-later-messages-well-formed',
    title: 'each later message contains a change',
    source: CLAUSE_CII,
    severity: 'advice',
    harm: 'No companion is known that it harms; it only adds traffic.',
    step: 'cii-observation',
    judge: ({ held }) => {
      if (held.frames.length < 2) return skipped('nothing changed during the observation')
      const states = statesOf(held)
      return eachOf(
        states.slice(1),
        (state, index) =>
          readObject(held.frames[index + 1]?.text) !== undefined && differences(state, states[index] ?? {}).length === 0
            ? warn('a change', `the same state again: ${shorten(held.frames[index + 1]?.text ?? '')}`)
            : undefined,
        `${held.frames.length - 1} received`,
      )
    },
  },
  {
    id: 'cii-property-names',
    title: 'no property name is a misspelling of a known one',
    source: CLAUSE_CII,
    severity: 'fault',
    harm: 'Every companion: the property that was meant is absent.',
    step: 'cii-observation',
    judge: (observed) =>
      eachOf(
        ciiMessages(observed).flatMap(({ message }) => Object.keys(message)),
        (name) => {
          if (KNOWN.includes(name)) return undefined
          const meant = KNOWN.find((known) => sorted(known) === sorted(name))
          return meant === undefined ? undefined : fail(meant, describe(name))
        },
        'none is',
      ),
  },
  {
    id: 'cii-client-messages-ignored',
    title: 'messages from a client are ignored, or its connection is closed with a close frame',
    source: FIELD_PRACTICE,
    severity: 'advice',
    harm: 'The companion that sent the message, for example one that talks to the wrong endpoint: its connection breaks.',
    step: 'cii-rubbish',
    judge: (observed) => toleratesInvalidMessages(observed.invalidMessages, observed),
  },
]

function withoutNulls(message: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null))
}

/** Equal for a name and its variants with wrong case or swapped letters (`msrUrl`). */
function sorted(name: string): string {
  return [...name.toLowerCase()].sort().join('')
}

export function describe(value: unknown): string {
  return value === undefined ? 'nothing' : shorten(JSON.stringify(value) ?? String(value))
}

const MAX_CHARACTERS = 2000

/** Whole, unless no honest television sends so much. */
export function shorten(text: string): string {
  const shown = escapeUnsafe(text.slice(0, MAX_CHARACTERS))
  return text.length <= MAX_CHARACTERS ? shown : `${shown} [and ${text.length - MAX_CHARACTERS} more characters]`
}
