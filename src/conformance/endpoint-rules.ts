import type { HttpResponse } from './endpoint-probe.js'
import { describeState, type SocketRecord, wasDropped } from './recorded-socket.js'
import { eachOf, FIELD_PRACTICE, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import { type Ending, type EndpointName, endpointOf } from './step.js'

/** An invalid message that was sent, and its effect on the connection. */
export interface SentInvalidMessage {
  readonly name: string
  /** The name of the step that sent it. */
  readonly sentAs: string
  readonly record: SocketRecord
}

/** Observations that are made on every WebSocket endpoint. */
export interface EndpointObservations {
  readonly url: string
  /** The connection that was kept open throughout. */
  readonly held: SocketRecord
  readonly invalidMessages: readonly SentInvalidMessage[]
  /** What the endpoint did not survive. */
  readonly ending: Ending | undefined
  readonly plainGet: HttpResponse | undefined
  readonly unknownVersion: HttpResponse | undefined
}

/** The rules for any WebSocket endpoint; each id starts with the name of the endpoint. */
export function endpointRules(endpoint: 'cii' | 'ts', clause: string): readonly Rule<EndpointObservations>[] {
  return [
    {
      id: `${endpoint}-connects`,
      title: 'a WebSocket can be opened',
      source: clause,
      severity: 'fault',
      harm: 'Every companion: none can use the endpoint.',
      step: `${endpoint}-observation`,
      judge: ({ url, held }) =>
        held.openedNanos === undefined ? fail(`a WebSocket at ${url}`, describeState(held)) : pass(url),
    },
    {
      id: `${endpoint}-kept-open`,
      title: 'the server keeps the connection open',
      source: clause,
      severity: 'fault',
      harm: 'Every companion: it reconnects, and misses the changes in between.',
      step: `${endpoint}-observation`,
      judge: ({ held }) => keptOpen(held),
    },
    {
      id: `${endpoint}-ping-answered`,
      title: 'a ping is answered with a pong',
      source: 'RFC 6455, 5.5.2',
      severity: 'field',
      harm: 'Companions that detect dead connections with pings, such as Autobahn and browsers behind proxies: they disconnect.',
      step: `${endpoint}-observation`,
      judge: ({ held: { pings, pongs } }) => {
        if (pings === 0) return skipped('the connection was closed before a ping could be sent')
        return pongs >= pings ? pass(`${pongs} of ${pings}`) : fail(`${pings} pongs`, `${pongs}`)
      },
    },
    {
      id: `${endpoint}-plain-get-refused`,
      title: 'a GET request without an upgrade is rejected with a 4xx status',
      source: FIELD_PRACTICE,
      severity: 'advice',
      harm: 'No companion is known to send this.',
      step: `${endpoint}-plain-get`,
      judge: ({ plainGet }) => rejected(plainGet),
    },
    {
      id: `${endpoint}-unknown-version-refused`,
      title: 'a handshake with an unknown WebSocket version is rejected',
      source: 'RFC 6455, 4.2.2',
      severity: 'advice',
      harm: 'No companion is known to send this.',
      step: `${endpoint}-unknown-version`,
      judge: ({ unknownVersion }) => {
        const { status } = unknownVersion ?? {}
        // The RFC leaves the status open.
        return status !== undefined && status >= 400 ? pass(`status ${status}`) : rejected(unknownVersion)
      },
    },
    {
      id: `${endpoint}-survives`,
      title: 'the endpoint still works after everything that it is sent',
      source: clause,
      severity: 'fault',
      harm: 'Every companion, not only the one that sent it: it cannot connect until the television is restarted.',
      judge: ({ held, ending }) =>
        held.openedNanos === undefined ? skipped('no connection') : survives(endpoint, ending),
    },
  ]
}

export function survives(endpoint: EndpointName, ending: Ending | undefined): Outcome {
  if (ending === undefined) return pass('it does')
  // Another endpoint of the same television was sent something: the fault is found there.
  if (endpointOf(ending.step) !== endpoint) return skipped(`not tried: the television ended after ${ending.after}`)
  return fail(`an answer after ${ending.after}`, 'none any more')
}

/** For a connection that the server has no reason to close. */
export function keptOpen(record: SocketRecord): Outcome {
  if (record.openedNanos === undefined) return skipped('no connection')
  return record.closed === undefined && record.isFlooded !== true
    ? pass('open to the end')
    : fail('open to the end', describeState(record))
}

/** A server may close a connection because of an invalid message, with a close frame; it must not drop it or hang. */
export function toleratesInvalidMessages(
  invalidMessages: readonly SentInvalidMessage[],
  { held, ending }: Pick<EndpointObservations, 'held' | 'ending'>,
): Outcome {
  // A message that ended the television is the business of the rule that the endpoint survives.
  const tried = invalidMessages.filter(
    ({ record, sentAs }) => record.openedNanos !== undefined && sentAs !== ending?.after,
  )
  return eachOf(
    tried,
    ({ name, record }) => {
      if (wasDropped(record))
        return fail(`after ${name}: kept open, or closed with a close frame`, describeState(record))
      const isUnresponsive = answersPings(held) && record.closed === undefined && record.pongs < record.pings
      return isUnresponsive ? fail(`after ${name}: a pong`, 'none') : undefined
    },
    tried.map(({ name, record }) => `${name}: ${record.closed === undefined ? 'open' : record.closed.code}`).join('; '),
    'no connection',
  )
}

/** A server that answers none at all violates a rule of its own. */
export function answersPings(held: SocketRecord): boolean {
  return held.pongs > 0
}

function rejected(response: HttpResponse | undefined): Outcome {
  if (response === undefined) return skipped('not tried')
  const { status, error } = response
  if (status === undefined) return warn('a 4xx status', `no response (${error})`)
  if (status >= 400 && status < 500) return pass(`status ${status}`)
  const got = `status ${status}`
  return status >= 500 || status < 200 ? fail('a 4xx status', got) : warn('a 4xx status', got)
}
