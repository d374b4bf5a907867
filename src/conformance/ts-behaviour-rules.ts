import { describe, shorten } from './cii-message-rules.js'
import { answersPings, keptOpen, toleratesInvalidMessages } from './endpoint-rules.js'
import { describeState, type SocketRecord } from './recorded-socket.js'
import { CLAUSE_TS, eachOf, FIELD_PRACTICE, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import {
  latestTimestamps,
  positionOf,
  type ReceivedTimestamp,
  type SetUpConnection,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'
import { deviation, isRateError } from './ts-position.js'

/** When control timestamps are sent, and how the server handles requests that it cannot fulfil. */
export const TS_BEHAVIOUR_RULES: readonly Rule<TsObservations>[] = [
  {
    id: 'ts-silent-before-setup',
    title: 'the server sends nothing before it has received the setup-data',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'pydvbcss and dvbcss-protocols: they take the message for a control timestamp of the requested timeline.',
    step: 'ts-observation',
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
    severity: 'fault',
    harm: 'Every companion: it never learns the position.',
    step: 'ts-observation',
    judge: ({ first, last, presenting }) =>
      eachOf(
        [first, last, presenting].filter((connection) => connection?.record.openedNanos !== undefined),
        (connection) => {
          const { record, framesBefore } = connection as SetUpConnection
          return record.frames.length > framesBefore ? undefined : fail('a control timestamp', 'none within 3 s')
        },
        `${first.record.frames.length - first.framesBefore} received`,
        'no connection',
      ),
  },
  {
    id: 'ts-timeline-available',
    title: 'a timeline that CII lists is available',
    source: CLAUSE_TS,
    severity: 'advice',
    harm: 'Companions that request the timeline because CII lists it: they wait until it becomes available.',
    step: 'ts-observation',
    judge: ({ first, listed, selector, stem }) => {
      if (listed !== true) return skipped(`CII does not list ${selector}`)
      const timestamps = timestampsOf(first)
      if (timestamps.every(isMalformed)) return skipped('no valid control timestamp received')
      return timestamps.some(isAvailable)
        ? pass(selector)
        : warn(
            `a position on ${selector} for a content id that starts with "${stem}"`,
            describe(timestamps[0]?.timestamp),
          )
    },
  },
  {
    id: 'ts-changes-told',
    title: 'a companion that is already connected is sent each change of position, speed and availability',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Every companion that is already connected: it goes on playing after a pause, or at the old position.',
    step: 'ts-second-connection',
    judge: changesTold,
  },
  {
    id: 'ts-partial-stem-matches',
    title: 'a contentIdStem that the content id starts with is answered with the timeline',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Companions that leave the end of the content id open, for example for all events of a service: they get no timeline.',
    step: 'ts-partial-stem',
    judge: (observed) => {
      if (!wasAvailable(observed)) return skipped('the timeline was not available')
      const [received] = timestampsOf(observed.partialStem)
      if (received === undefined) return fail('a control timestamp', 'none within 3 s')
      return isAvailable(received) ? pass('it is') : fail('the position', describe(received.timestamp))
    },
  },
  {
    id: 'ts-missing-stem-accepted',
    title: 'setup-data without contentIdStem are answered as if it were empty',
    source: FIELD_PRACTICE,
    severity: 'field',
    harm: 'An HbbTV companion app in the stores, which leaves contentIdStem out: it gets no timeline.',
    step: 'ts-no-stem',
    judge: (observed) => {
      const { withoutStem } = observed
      if (withoutStem?.record.openedNanos === undefined) return skipped('no connection')
      if (!wasAvailable(observed)) return skipped('the timeline was not available')
      const [received] = timestampsOf(withoutStem)
      if (received === undefined) {
        const { closed } = withoutStem.record
        return fail('a control timestamp', closed === undefined ? 'none within 3 s' : describeState(withoutStem.record))
      }
      return isAvailable(received) ? pass('they are') : fail('the position', describe(received.timestamp))
    },
  },
  {
    id: 'ts-unknown-selector-null',
    title: 'an unknown timelineSelector is answered with nulls',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Companions that try several timelines: they cannot tell that this one is unavailable, or follow a wrong one.',
    step: 'ts-unknown-selector',
    judge: ({ unknownSelector }) => nullsFor(unknownSelector),
  },
  {
    id: 'ts-unknown-selector-kept-open',
    title: 'an unknown timelineSelector does not close the connection',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Companions that wait for a timeline to become available: they reconnect in a loop.',
    step: 'ts-unknown-selector',
    judge: ({ unknownSelector, held }) => staysOpen(unknownSelector, held),
  },
  {
    id: 'ts-wrong-stem-null',
    title: 'a contentIdStem that does not match the content id is answered with nulls',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Companions of one programme: they synchronise to another one.',
    step: 'ts-other-stem',
    judge: ({ wrongStem }) => nullsFor(wrongStem),
  },
  {
    id: 'ts-wrong-stem-kept-open',
    title: 'a contentIdStem that does not match does not close the connection',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Companions that wait for their programme to start: they reconnect in a loop.',
    step: 'ts-other-stem',
    judge: ({ wrongStem, held }) => staysOpen(wrongStem, held),
  },
  {
    id: 'ts-presentation-timestamps-taken',
    title: 'presentation timestamps of a companion are accepted, including "minusinfinity" and "plusinfinity"',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'pydvbcss and other companions that report their presentation timestamps: their connection breaks.',
    step: 'ts-presentation-timestamps',
    judge: ({ presenting, held }) => staysOpen(presenting, held),
  },
  {
    id: 'ts-rubbish-before-setup',
    title: 'invalid messages before setup-data are ignored, or the connection is closed with a close frame',
    source: FIELD_PRACTICE,
    severity: 'advice',
    harm: 'The companion that sent the message: its connection breaks without a reason.',
    step: 'ts-rubbish-before-setup',
    judge: (observed) =>
      toleratesInvalidMessages(
        observed.invalidMessages.filter(({ when }) => when === 'before'),
        observed,
      ),
  },
  {
    id: 'ts-rubbish-after-setup',
    title: 'invalid messages after setup-data are ignored, or the connection is closed with a close frame',
    source: FIELD_PRACTICE,
    severity: 'advice',
    harm: 'The companion that sent the message: its connection breaks without a reason.',
    step: 'ts-rubbish-after-setup',
    judge: (observed) =>
      toleratesInvalidMessages(
        observed.invalidMessages.filter(({ when }) => when === 'after'),
        observed,
      ),
  },
  {
    id: 'ts-setup-after-rubbish',
    title: 'a connection that is kept open after an invalid message still accepts setup-data',
    source: FIELD_PRACTICE,
    severity: 'advice',
    harm: 'No companion is known to send this.',
    step: 'ts-rubbish-before-setup',
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

function changesTold(observed: TsObservations): Outcome {
  const fresh = timestampsOf(observed.last)[0]
  const known = latestTimestamps(observed)
  if (fresh === undefined || known.length === 0) return skipped('needs control timestamps on two connections')
  if (known.some((each) => isSame(each, fresh, observed))) return pass('both connections have the same position')
  const latest = known.at(-1)
  if (latest === undefined || isMalformed(latest) || isMalformed(fresh)) return skipped('invalid control timestamps')
  if (isRateError(observed)) return skipped('the timeline runs at another rate than stated')
  const isJitter = known.some((each) => deviation(each, fresh, observed)?.isJitter)
  return (isJitter ? warn : fail)(
    `the position of a new connection, ${describe(fresh.timestamp)}, also on the earlier one`,
    `${describe(latest.timestamp)} as the latest there`,
  )
}

function isSame(a: ReceivedTimestamp, b: ReceivedTimestamp, observed: TsObservations): boolean {
  if (isAvailable(a) !== isAvailable(b)) return false
  if (!isAvailable(a)) return true
  if (positionOf(a)?.speed !== positionOf(b)?.speed) return false
  return deviation(a, b, observed)?.isWithin ?? true
}

function isAvailable(received: ReceivedTimestamp | undefined): boolean {
  return positionOf(received) !== undefined
}

/** At the last look with ordinary setup-data. */
function wasAvailable({ first, last }: TsObservations): boolean {
  return isAvailable(timestampsOf(last)[0] ?? timestampsOf(first).at(-1))
}

/** Neither a position nor an unavailable timeline. */
function isMalformed(received: ReceivedTimestamp): boolean {
  const { contentTime, timelineSpeedMultiplier: speed } = received.timestamp
  return !isAvailable(received) && !(contentTime === null && speed === null)
}

function nullsFor(connection: SetUpConnection | undefined): Outcome {
  if (connection?.record.openedNanos === undefined) return skipped('no connection')
  const [received] = timestampsOf(connection)
  const expected = 'contentTime and timelineSpeedMultiplier null'
  if (received === undefined) {
    // That it was closed is the business of another rule.
    if (connection.record.closed !== undefined) return skipped('the connection was closed instead')
    return fail(`a control timestamp with ${expected}`, 'nothing within 3 s')
  }
  // The form of control timestamps is the business of other rules.
  if (isMalformed(received)) return skipped('the control timestamp is invalid')
  const { contentTime, timelineSpeedMultiplier: speed } = received.timestamp
  return contentTime === null && speed === null ? pass('they are') : fail(expected, describe(received.timestamp))
}

function staysOpen(connection: SetUpConnection | undefined, held: SocketRecord): Outcome {
  if (connection === undefined) return skipped('not tried')
  const outcome = keptOpen(connection.record)
  const { pings, pongs } = connection.record
  const isUnresponsive = outcome.verdict === 'pass' && answersPings(held) && pongs < pings
  return isUnresponsive ? fail('open and responsive', 'no pong') : outcome
}
