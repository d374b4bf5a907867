import { shorten, shown } from './cii-message-rules.js'
import { keptOpen, toleratesRubbish } from './endpoint-rules.js'
import { describeState } from './recorded-socket.js'
import { CLAUSE_TS, FIELD_PRACTICE, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import { positionOf, type SetUpConnection, type TsObservations, timestampsOf } from './ts-observations.js'

/** When control timestamps come, and what the server does about requests that it cannot meet. */
export const TS_BEHAVIOUR_RULES: readonly Rule<TsObservations>[] = [
  {
    id: 'ts-silent-before-setup',
    title: 'the server says nothing before it has the setup-data',
    source: CLAUSE_TS,
    judge: ({ first: { record, framesBefore } }) => {
      if (record.openedNanos === undefined) return skipped('there was no connection')
      return framesBefore === 0 ? pass('it does') : fail('nothing', shorten(record.frames[0]?.text ?? 'a binary frame'))
    },
  },
  {
    id: 'ts-answers-setup',
    title: 'setup-data are answered with a control timestamp',
    source: CLAUSE_TS,
    judge: ({ first, watchedSeconds }) => {
      if (first.record.openedNanos === undefined) return skipped('there was no connection')
      const { length } = first.record.frames.slice(first.framesBefore)
      return length > 0 ? pass(`${length} came`) : fail('a control timestamp', `none within ${watchedSeconds} s`)
    },
  },
  {
    id: 'ts-timeline-available',
    title: 'a timeline that CII lists is available',
    source: CLAUSE_TS,
    judge: ({ first, listed, selector, stem }) => {
      if (listed !== true) return skipped(`CII does not list ${selector}`)
      const timestamps = timestampsOf(first)
      if (timestamps.length === 0) return skipped('there was no control timestamp')
      return timestamps.some((timestamp) => positionOf(timestamp) !== undefined)
        ? pass(selector)
        : warn(`a position on ${selector} for a content id that begins with "${stem}"`, shown(timestamps[0]?.timestamp))
    },
  },
  {
    id: 'ts-unknown-selector-null',
    title: 'an unknown timelineSelector is answered with nulls',
    source: CLAUSE_TS,
    judge: ({ unknownSelector, watchedSeconds }) => nullsFor(unknownSelector, watchedSeconds),
  },
  {
    id: 'ts-unknown-selector-kept-open',
    title: 'and the connection is kept open meanwhile',
    source: CLAUSE_TS,
    judge: ({ unknownSelector }) => openMeanwhile(unknownSelector),
  },
  {
    id: 'ts-wrong-stem-null',
    title: 'a contentIdStem that the content id does not begin with is answered with nulls',
    source: CLAUSE_TS,
    judge: ({ wrongStem, watchedSeconds }) => nullsFor(wrongStem, watchedSeconds),
  },
  {
    id: 'ts-wrong-stem-kept-open',
    title: 'and the connection is kept open meanwhile',
    source: CLAUSE_TS,
    judge: ({ wrongStem }) => openMeanwhile(wrongStem),
  },
  {
    id: 'ts-presentation-timestamps-taken',
    title: 'a companion may tell of its own presentation, "minusinfinity" and "plusinfinity" included',
    source: CLAUSE_TS,
    judge: ({ presenting }) => openMeanwhile(presenting),
  },
  {
    id: 'ts-rubbish-before-setup',
    title: 'rubbish instead of setup-data is passed over, or ends its own connection in good order',
    source: FIELD_PRACTICE,
    judge: ({ rubbish }) => toleratesRubbish(rubbish.filter(({ when }) => when === 'before')),
  },
  {
    id: 'ts-rubbish-after-setup',
    title: 'likewise rubbish after the setup-data',
    source: FIELD_PRACTICE,
    judge: ({ rubbish }) => toleratesRubbish(rubbish.filter(({ when }) => when === 'after')),
  },
  {
    id: 'ts-setup-after-rubbish',
    title: 'a connection that is kept open after rubbish still takes setup-data',
    source: FIELD_PRACTICE,
    judge: ({ rubbish }) => {
      const open = rubbish.filter(
        ({ when, record }) => when === 'before' && record.openedNanos !== undefined && record.closed === undefined,
      )
      if (open.length === 0) return skipped('none was kept open')
      const mute = open.find(({ answered }) => !answered)
      return mute === undefined ? pass('it does') : warn(`an answer after ${mute.name}`, 'none')
    },
  },
]

function nullsFor(connection: SetUpConnection | undefined, seconds: number): Outcome {
  if (connection?.record.openedNanos === undefined) return skipped('there was no connection to ask on')
  const [received] = timestampsOf(connection)
  const expected = 'contentTime and timelineSpeedMultiplier null'
  if (received === undefined) {
    const got =
      connection.record.closed === undefined ? `nothing within ${seconds} s` : describeState(connection.record)
    return fail(`a control timestamp with ${expected}`, got)
  }
  const { contentTime, timelineSpeedMultiplier: speed } = received.timestamp
  return contentTime === null && speed === null ? pass('they are') : fail(expected, shown(received.timestamp))
}

function openMeanwhile(connection: SetUpConnection | undefined): Outcome {
  if (connection === undefined) return skipped('not tried')
  const outcome = keptOpen(connection.record)
  const { pings, pongs } = connection.record
  return outcome.verdict === 'pass' && pongs < pings ? fail('open, and alive', 'no answer to a ping') : outcome
}
