import type { HttpAnswer } from './http-probe.js'
import { describeState, type SocketRecord, wasDropped } from './recorded-socket.js'
import { eachOf, FIELD_PRACTICE, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'

/** Something sent that no good client would send, and what became of the connection. */
export interface Rubbish {
  readonly name: string
  readonly record: SocketRecord
}

/** What is looked at on every WebSocket endpoint. */
export interface EndpointObservations {
  readonly url: string
  /** The connection that was kept open all the time. */
  readonly held: SocketRecord
  readonly rubbish: readonly Rubbish[]
  /** A connection that was made when all the rubbish had been sent. */
  readonly afterwards: SocketRecord | undefined
  readonly plainGet: HttpAnswer | undefined
  readonly unknownVersion: HttpAnswer | undefined
}

/** The rules for any WebSocket endpoint; `id` begins with the name of the one that they are for. */
export function endpointRules(endpoint: 'cii' | 'ts', clause: string): readonly Rule<EndpointObservations>[] {
  return [
    {
      id: `${endpoint}-connects`,
      title: 'a WebSocket can be opened',
      source: clause,
      judge: ({ url, held }) =>
        held.openedNanos === undefined ? fail(`a WebSocket at ${url}`, describeState(held)) : pass(url),
    },
    {
      id: `${endpoint}-kept-open`,
      title: 'the server keeps the connection open',
      source: clause,
      judge: ({ held }) => keptOpen(held),
    },
    {
      id: `${endpoint}-ping-answered`,
      title: 'a ping is answered with a pong',
      source: 'RFC 6455, 5.5.2',
      judge: ({ held: { pings, pongs } }) => {
        if (pings === 0) return skipped('the connection had ended before a ping could be sent')
        return pongs >= pings ? pass(`${pongs} of ${pings}`) : fail(`${pings} pongs`, `${pongs}`)
      },
    },
    {
      id: `${endpoint}-plain-get-refused`,
      title: 'a GET that asks for no WebSocket is refused with a 4xx status',
      source: FIELD_PRACTICE,
      judge: ({ plainGet }) => refused(plainGet),
    },
    {
      id: `${endpoint}-unknown-version-refused`,
      title: 'a handshake of an unknown WebSocket version is refused with a 4xx status',
      source: 'RFC 6455, 4.2.2',
      judge: ({ unknownVersion }) => refused(unknownVersion),
    },
    {
      id: `${endpoint}-survives`,
      title: 'after all of that the endpoint takes another connection',
      source: FIELD_PRACTICE,
      judge: ({ afterwards }) => {
        if (afterwards === undefined) return skipped('not tried')
        return afterwards.openedNanos === undefined ? fail('a connection', describeState(afterwards)) : pass('it does')
      },
    },
  ]
}

/** For a connection that the server has no reason to end. */
export function keptOpen(record: SocketRecord): Outcome {
  if (record.openedNanos === undefined) return skipped('there was no connection')
  return record.closed === undefined && record.isFlooded !== true
    ? pass('open to the end')
    : fail('open to the end', describeState(record))
}

/** A server may close a connection over what a client sends, if it says so with a close frame; it may not break. */
export function toleratesRubbish(rubbish: readonly Rubbish[]): Outcome {
  const tried = rubbish.filter(({ record }) => record.openedNanos !== undefined)
  return eachOf(
    tried,
    ({ name, record }) => {
      if (wasDropped(record))
        return fail(`after ${name}: kept open, or closed with a close frame`, describeState(record))
      const mute = record.closed === undefined && record.pongs < record.pings
      return mute ? fail(`after ${name}: an answer to a ping`, 'none') : undefined
    },
    tried.map(({ name, record }) => `${name}: ${record.closed === undefined ? 'open' : record.closed.code}`).join('; '),
    'no connection to try it on',
  )
}

function refused(answer: HttpAnswer | undefined): Outcome {
  if (answer === undefined) return skipped('not tried')
  const { status, error } = answer
  if (status === undefined) return warn('a 4xx status', `no answer (${error})`)
  if (status >= 400 && status < 500) return pass(`status ${status}`)
  const got = `status ${status}`
  return status >= 500 || status < 200 ? fail('a 4xx status', got) : warn('a 4xx status', got)
}
