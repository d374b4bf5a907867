import { describe, shorten } from './cii-message-rules.js'
import { keptOpen, toleratesInvalidMessages } from './endpoint-rules.js'
import { describeState } from './recorded-socket.js'
import { CLAUSE_TS, FIELD_PRACTICE, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import { positionOf, type SetUpConnection, type TsObservations, timestampsOf } from './ts-observations.js'

/** When control timestamps are sent, and how the server handles requests that it cannot fulfil. */
export const TS_BEHAVIOUR_RULES: readonly Rule<TsObservations>[] = [
  {
    id: 'ts-silent-before-setup',
    title: 'the server sends nothing before it has received the setup-data',
    source: CLAUSE_TS,
    judge: ({ first: { record, framesBefore } }) => {
      if (record.openedNanos === undefined) return skipped('no connection')
      return framesBefore === 0
        ? pass('it sends nothing')
        : fail('nothing', shorten(record.frames[0]?.text ?? 'a binary frame'))
    },
  },
  {
    id: 'ts-answers-setup',
    title: 'setup-data are answered with a control timestamp',
    source: CLAUSE_TS,
    judge: ({ first, observedSeconds }) => {
      if (first.record.openedNanos === undefined) return skipped('no connection')
      const { length } = first.record.frames.slice(first.framesBefore)
      return length > 0 ? pass(`${length} received`) : fail('a control timestamp', `none within ${observedSeconds} s`)
    },
  },
  {
    id: 'ts-timeline-available',
    title: 'a timeline that CII lists is available',
    source: CLAUSE_TS,
    judge: ({ first, listed, selector, stem }) => {
      if (listed !== true) return skipped(`CII does not list ${selector}`)
      const timestamps = timestampsOf(first)
      if (timestamps.length === 0) return skipped('no control timestamp received')
      return timestamps.some((timestamp) => positionOf(timestamp) !== undefined)
        ? pass(selector)
        : warn(
            `a position on ${selector} for a content id that starts with "${stem}"`,
            describe(timestamps[0]?.timestamp),
          )
    },
  },
  {
    id: 'ts-unknown-selector-null',
    title: 'an unknown timelineSelector is answered with nulls',
    source: CLAUSE_TS,
    judge: ({ unknownSelector, observedSeconds }) => nullsFor(unknownSelector, observedSeconds),
  },
  {
    id: 'ts-unknown-selector-kept-open',
    title: 'an unknown timelineSelector does not close the connection',
    source: CLAUSE_TS,
    judge: ({ unknownSelector }) => staysOpen(unknownSelector),
  },
  {
    id: 'ts-wrong-stem-null',
    title: 'a contentIdStem that does not match the content id is answered with nulls',
    source: CLAUSE_TS,
    judge: ({ wrongStem, observedSeconds }) => nullsFor(wrongStem, observedSeconds),
  },
  {
    id: 'ts-wrong-stem-kept-open',
    title: 'a contentIdStem that does not match does not close the connection',
    source: CLAUSE_TS,
    judge: ({ wrongStem }) => staysOpen(wrongStem),
  },
  {
    id: 'ts-presentation-timestamps-taken',
    title: 'presentation timestamps of a companion are accepted, including "minusinfinity" and "plusinfinity"',
    source: CLAUSE_TS,
    judge: ({ presenting }) => staysOpen(presenting),
  },
  {
    id: 'ts-rubbish-before-setup',
    title: 'invalid messages before setup-data are ignored, or the connection is closed with a close frame',
    source: FIELD_PRACTICE,
    judge: ({ invalidMessages }) => toleratesInvalidMessages(invalidMessages.filter(({ when }) => when === 'before')),
  },
  {
    id: 'ts-rubbish-after-setup',
    title: 'invalid messages after setup-data are ignored, or the connection is closed with a close frame',
    source: FIELD_PRACTICE,
    judge: ({ invalidMessages }) => toleratesInvalidMessages(invalidMessages.filter(({ when }) => when === 'after')),
  },
  {
    id: 'ts-setup-after-rubbish',
    title: 'a connection that is kept open after an invalid message still accepts setup-data',
    source: FIELD_PRACTICE,
    judge: ({ invalidMessages }) => {
      const open = invalidMessages.filter(
        ({ when, record }) => when === 'before' && record.openedNanos !== undefined && record.closed === undefined,
      )
      if (open.length === 0) return skipped('no such connection was kept open')
      const unanswered = open.find(({ answered }) => !answered)
      return unanswered === undefined ? pass('it does') : warn(`a response after ${unanswered.name}`, 'none')
    },
  },
]

function nullsFor(connection: SetUpConnection | undefined, seconds: number): Outcome {
  if (connection?.record.openedNanos === undefined) return skipped('no connection')
  const [received] = timestampsOf(connection)
  const expected = 'contentTime and timelineSpeedMultiplier null'
  if (received === undefined) {
    const got =
      connection.record.closed === undefined ? `nothing within ${seconds} s` : describeState(connection.record)
    return fail(`a control timestamp with ${expected}`, got)
  }
  const { contentTime, timelineSpeedMultiplier: speed } = received.timestamp
  return contentTime === null && speed === null ? pass('they are') : fail(expected, describe(received.timestamp))
}

function staysOpen(connection: SetUpConnection | undefined): Outcome {
  if (connection === undefined) return skipped('not tried')
  const outcome = keptOpen(connection.record)
  const { pings, pongs } = connection.record
  return outcome.verdict === 'pass' && pongs < pings ? fail('open and responsive', 'no pong') : outcome
}
