import { survives } from './endpoint-rules.js'
import { CLAUSE_WC, eachOf, fail, type Rule, type Severity, skipped } from './rule.js'
import { hex } from './wall-clock-message-rules.js'
import type { Provocation, WallClockObservations } from './wall-clock-observations.js'

const LOOP = "Any host: two servers that answer each other's answers, after one forged datagram, do so without end."
const HARMLESS = 'No companion is known to send this.'

/** How the server handles datagrams that are not requests. */
export const WALL_CLOCK_GARBAGE_RULES: readonly Rule<WallClockObservations>[] = [
  unanswered('type', 'a message that is not a request (type other than 0) is not answered', 'field', LOOP),
  unanswered('version', 'a message with another version is not answered', 'advice', HARMLESS),
  unanswered('long', 'a datagram longer than 32 bytes is not answered', 'advice', HARMLESS),
  unanswered('short', 'a datagram shorter than 32 bytes is not answered', 'advice', HARMLESS),
  {
    id: 'wc-survives',
    title: 'the server still answers requests after everything that it is sent',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion, not only the one that sent it: the wall clock is down until the television is restarted.',
    judge: ({ ending, exchanges }) =>
      exchanges.some(({ replies }) => replies.length > 0)
        ? survives('wc', ending)
        : skipped('no request was answered before'),
  },
]

function unanswered(
  kind: Provocation['kind'],
  title: string,
  severity: Severity,
  harm: string,
): Rule<WallClockObservations> {
  return {
    id: `wc-${kind}-unanswered`,
    title,
    source: CLAUSE_WC,
    severity,
    harm,
    step: 'wc-rubbish',
    judge: ({ provocations, ending }) => {
      const sent = provocations.filter((provocation) => provocation.kind === kind)
      return eachOf(
        sent,
        ({ name, replies: [reply] }) =>
          reply === undefined
            ? undefined
            : fail(`no response to ${name}`, `${reply.bytes.length} bytes: ${hex(reply.bytes)}`),
        sent.map(({ name }) => name).join('; '),
        ending === undefined ? 'not tried' : `not tried: the television ended after ${ending.after}`,
      )
    },
  }
}
