import { CLAUSE_WC, eachOf, FIELD_PRACTICE, fail, pass, type Rule, skipped } from './rule.js'
import { hex } from './wall-clock-message-rules.js'
import type { Provocation, WallClockObservations } from './wall-clock-observations.js'

/** How the server handles datagrams that are not requests. */
export const WALL_CLOCK_GARBAGE_RULES: readonly Rule<WallClockObservations>[] = [
  unanswered('type', 'a message that is not a request (type other than 0) is not answered', CLAUSE_WC),
  unanswered('version', 'a message with another version is not answered', CLAUSE_WC),
  unanswered('long', 'a datagram longer than 32 bytes is not answered', FIELD_PRACTICE),
  unanswered('short', 'a datagram shorter than 32 bytes is not answered', FIELD_PRACTICE),
  {
    id: 'wc-survives-garbage',
    title: 'the server still answers requests after each of these datagrams',
    source: FIELD_PRACTICE,
    judge: ({ provocations }) => {
      if (provocations.length === 0) return skipped('no request was answered correctly before')
      const last = provocations.find(({ aliveAfter }) => !aliveAfter)
      if (last === undefined) return pass(`after ${provocations.length} datagrams`)
      return fail('a response to the next request', `no response to any request after ${last.name}`)
    },
  },
]

function unanswered(kind: Provocation['kind'], title: string, source: string): Rule<WallClockObservations> {
  return {
    id: `wc-${kind}-unanswered`,
    title,
    source,
    judge: ({ provocations }) => {
      const sent = provocations.filter((provocation) => provocation.kind === kind)
      const dead = provocations.some(({ aliveAfter }) => !aliveAfter)
      return eachOf(
        sent,
        ({ name, replies: [reply] }) =>
          reply === undefined
            ? undefined
            : fail(`no response to ${name}`, `${reply.bytes.length} bytes: ${hex(reply.bytes)}`),
        sent.map(({ name }) => name).join('; '),
        dead ? 'the server had stopped answering before this could be tried' : 'not tried',
      )
    },
  }
}
