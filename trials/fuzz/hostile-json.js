// @ts-check
import {
  decodeCii,
  decodeControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  decodeWallClockJson,
  encodeCii,
  encodeControlTimestamp,
  encodePresentationTimestamps,
  encodeSetupData,
  encodeWallClockJson,
  MessageError,
  parseCii,
} from 'fastify-dvbcss'
import { CONTENT_ID, PTS, TEMI } from '../television.js'

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */

/** Every decoder, combined with its encoder. @type {Record<string, (value: unknown) => string>} */
const ROUND_TRIPS = {
  cii: (value) => encodeCii(decodeCii(value)),
  'setup-data': (value) => encodeSetupData(decodeSetupData(value)),
  'control timestamp': (value) => encodeControlTimestamp(decodeControlTimestamp(value)),
  'presentation timestamps': (value) => encodePresentationTimestamps(decodePresentationTimestamps(value)),
  'wall clock JSON': (value) => encodeWallClockJson(decodeWallClockJson(value)),
}

const PROTOTYPE = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))

/**
 * Passes a text to every decoder. Each must either return a message that survives encoding and decoding, or throw a MessageError of
 * reasonable length.
 * @param {Trial} trial @param {string} text
 */
export function decodeEverywhere(trial, text) {
  /** @type {unknown} */
  let value
  try {
    value = JSON.parse(text)
  } catch {
    try {
      parseCii(text)
      trial.expect(false, () => `parseCii accepted ${shown(text)}, which is not JSON`)
    } catch (error) {
      checkError(trial, 'JSON', text, error)
    }
    return
  }
  for (const [name, roundTrip] of Object.entries(ROUND_TRIPS)) {
    try {
      const once = roundTrip(value)
      const twice = roundTrip(JSON.parse(once))
      trial.expect(once === twice, () => `${name} changes when it is read again: ${shown(once)} became ${shown(twice)}`)
    } catch (error) {
      checkError(trial, name, text, error)
    }
  }
  trial.expect(
    JSON.stringify(Object.getOwnPropertyNames(Object.prototype)) === PROTOTYPE,
    () => `${shown(text)} has changed Object.prototype`,
  )
}

/** @param {Trial} trial @param {string} name @param {string} text @param {unknown} error */
function checkError(trial, name, text, error) {
  const isRight = error instanceof MessageError && error.message.length < 400 && !error.message.includes('\n')
  trial.expect(isRight, () => `the decoder of ${name} threw ${error} at ${shown(text)}`)
}

/** @param {string} text */
const shown = (text) => JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)

/** Text of any kind: valid, almost valid, or invalid. @param {Random} random @returns {string} */
export function hostileText(random) {
  const kind = random.int(0, 9)
  if (kind < 4) return JSON.stringify(message(random))
  if (kind < 7) return JSON.stringify(spoil(random, message(random)))
  if (kind === 7) return damage(random, JSON.stringify(message(random)))
  if (kind === 8) return JSON.stringify(anyValue(random, 3)) ?? 'undefined'
  return random.pick(ODD_TEXTS)(random)
}

/** @type {readonly ((random: Random) => string)[]} */
const ODD_TEXTS = [
  () => '',
  (random) => random.bytes(random.int(1, 40)).toString('latin1'),
  (random) => '['.repeat(random.int(1, 5000)),
  (random) => '[{"a":'.repeat(random.int(1, 3000)),
  (random) => {
    const levels = random.int(50, 4000)
    return `{"timelineSelector":"urn:x","private":[{"type":"urn:x","v":${'['.repeat(levels)}${']'.repeat(levels)}}]}`
  },
  () => '{"__proto__":{"timelineSelector":"urn:evil","contentId":"dvb://evil"},"constructor":{"prototype":{"evil":1}}}',
  (random) => `{"contentTime":"${'9'.repeat(random.int(1, 5000))}","wallClockTime":"1","timelineSpeedMultiplier":1}`,
  (random) =>
    `{"v":0,"t":0,"p":1e-9,"mfe":${random.pick(['1e308', '1e999', '-0', '4294967296'])},"otvs":1,"otvn":1,"rt":0,"tt":0}`,
  () => '{"contentId":"a","contentId":"b","contentIdStatus":"final"}',
  () => '\ufeff{}',
  (random) => `{"mrsUrl":"${'\\u0000'.repeat(random.int(1, 300))}\ud800"}`,
]

/** A realistic message. @param {Random} random @returns {Record<string, unknown>} */
function message(random) {
  const kind = random.int(0, 4)
  if (kind === 0) return setupData(random)
  if (kind === 1) return presentationTimestamps(random)
  if (kind === 2) return wallClockRequest(random)
  if (kind === 3) {
    const isThere = random.chance(0.7)
    return {
      contentTime: isThere ? integer(random) : null,
      wallClockTime: integer(random),
      timelineSpeedMultiplier: isThere ? random.pick([0, 1, -1, 0.5]) : null,
    }
  }
  return {
    protocolVersion: '1.1',
    contentId: random.pick([null, CONTENT_ID]),
    contentIdStatus: random.pick([null, 'partial', 'final']),
    presentationStatus: random.pick(['okay', 'transitioning urn:x', 'fault']),
    timelines: [
      { timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: random.int(1, 90_000) } },
    ],
    private: [{ type: 'urn:x', value: anyValue(random, 2) }],
  }
}

/** @param {Random} random @returns {Record<string, unknown>} */
export function setupData(random) {
  return {
    contentIdStem: random.pick(['', CONTENT_ID, 'dvb://233a', 'dvb://other', CONTENT_ID + CONTENT_ID]),
    timelineSelector: random.pick([PTS, TEMI, 'urn:x:nobody', '\u0000']),
    ...(random.chance(0.2) ? { private: [{ type: 'urn:x', value: anyValue(random, 2) }] } : {}),
  }
}

/** @param {Random} random @returns {Record<string, unknown>} */
export function presentationTimestamps(random) {
  const at = (/** @type {string[]} */ ...others) => ({
    contentTime: integer(random),
    wallClockTime: random.pick([integer(random), ...others]),
  })
  return { ...(random.chance(0.5) ? { actual: at() } : {}), earliest: at('minusinfinity'), latest: at('plusinfinity') }
}

/** @param {Random} random @returns {Record<string, unknown>} */
export function wallClockRequest(random) {
  return { v: 0, t: 0, p: 1e-6, mfe: 500, otvs: random.word(), otvn: random.word(), rt: random.next() * 1e6, tt: 0 }
}

/** @param {Random} random */
const integer = (random) => `${random.pick(['', '', '-'])}${BigInt(random.int(1, 2 ** 32)) ** BigInt(random.int(1, 4))}`

/** Replaces one part of a value, at any depth. @param {Random} random @param {any} value @returns {unknown} */
function spoil(random, value) {
  if (typeof value !== 'object' || value === null || random.chance(0.1)) return anyValue(random, 2)
  const keys = Object.keys(value)
  if (keys.length === 0) return anyValue(random, 1)
  const key = random.pick(keys)
  if (random.chance(0.2)) delete value[key]
  else if (random.chance(0.1))
    value[random.pick(['__proto__', 'toString', 'then', 'timelineSelector', ''])] = anyValue(random, 1)
  else value[key] = spoil(random, value[key])
  return value
}

/** @param {Random} random @param {string} text */
function damage(random, text) {
  const at = random.int(0, text.length)
  const kind = random.int(0, 2)
  if (kind === 0) return text.slice(0, at)
  if (kind === 1) return text.slice(0, at) + random.bytes(random.int(1, 4)).toString('latin1') + text.slice(at + 1)
  return text.slice(0, at) + text.slice(random.int(0, text.length))
}

/** @param {Random} random @param {number} depth @returns {unknown} */
function anyValue(random, depth) {
  const kind = random.int(0, depth > 0 ? 11 : 9)
  if (kind === 10) return Array.from({ length: random.int(0, 4) }, () => anyValue(random, depth - 1))
  if (kind === 11)
    return Object.fromEntries(
      Array.from({ length: random.int(0, 4) }, () => [random.bytes(2).toString('latin1'), anyValue(random, depth - 1)]),
    )
  return random.pick([
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    2 ** 53,
    1e308,
    5e-324,
    '',
    '0',
    '-0',
    '01',
    'okay',
    ' ',
    'x'.repeat(random.int(0, 2000)),
    '\u0000',
    '\ud800',
    '9'.repeat(random.int(1, 400)),
    random.next(),
    random.word(),
  ])
}
