import { NANOS_PER_SECOND } from '../clocks/index.js'
import { fitRate } from './rate.js'
import { CLAUSE_WC, eachOf, fail, pass, type Rule, skipped } from './rule.js'
import {
  granularityNanos,
  messagesOf,
  precisionNanos,
  roundTripNanos,
  type TimedExchange,
  timedExchanges,
  type WallClockObservations,
} from './wall-clock-observations.js'

/** Maximum frequency error of the local clock, in parts per million: that of the worst computer clocks. */
const LOCAL_MAX_FREQ_ERROR_PPM = 500
/** With a wider bound, the observation was too short or the network too slow to judge the rate. */
const USELESS_BOUND_PPM = 20_000

/** The times in the responses. */
export const WALL_CLOCK_TIME_RULES: readonly Rule<WallClockObservations>[] = [
  {
    id: 'wc-nanoseconds-in-range',
    title: 'the nanoseconds of the receive and transmit times are below 10^9',
    source: CLAUSE_WC,
    judge: (observed) =>
      eachOf(
        messagesOf(observed),
        ({ receiveFields, transmitFields }) => {
          const [field, nanos] =
            receiveFields[1] >= NANOS_PER_SECOND ? ['receive', receiveFields[1]] : ['transmit', transmitFields[1]]
          return nanos < NANOS_PER_SECOND ? undefined : fail('below 1000000000', `${nanos} in the ${field} time`)
        },
        'all are',
      ),
  },
  {
    id: 'wc-transmit-not-before-receive',
    title: 'a response is sent no earlier than its request was received (t2 <= t3)',
    source: CLAUSE_WC,
    judge: (observed) =>
      eachOf(
        messagesOf(observed),
        ({ receiveNanos: t2, transmitNanos: t3 }) =>
          t3 >= t2 ? undefined : fail(`a transmit time of at least ${t2} ns`, `${t3} ns, ${t2 - t3} ns before`),
        'none is',
      ),
  },
  {
    id: 'wc-times-within-round-trip',
    title: 'the time between receive and transmit time does not exceed the measured round trip',
    source: CLAUSE_WC,
    judge: (observed) => {
      const slack = readingErrorNanos(observed)
      const shortest = Math.min(...timedExchanges(observed).map(roundTripNanos))
      return eachOf(
        timedExchanges(observed),
        (exchange) => {
          const took = Number(exchange.receivedNanos - exchange.sentNanos)
          const claimed = Number(exchange.response.transmitNanos - exchange.response.receiveNanos)
          // 1 % more, because the two clocks may run at different rates.
          return claimed <= took * 1.01 + slack ? undefined : fail(`at most ${took} ns`, `${claimed} ns`)
        },
        `shortest round trip ${(Math.max(0, shortest) / 1e6).toFixed(3)} ms`,
      )
    },
  },
  {
    id: 'wc-monotonic',
    title: 'the clock never goes backwards between exchanges',
    source: CLAUSE_WC,
    judge: (observed) => {
      const timed = timedExchanges(observed)
      if (timed.length < 2) return skipped('fewer than two responses')
      let latest: TimedExchange | undefined
      return eachOf(
        timed,
        (exchange) => {
          const before = latest
          const inTurn = before === undefined || before.receivedNanos <= exchange.sentNanos
          if (before === undefined || exchange.response.transmitNanos > before.response.transmitNanos) latest = exchange
          if (before === undefined || !inTurn) return undefined
          const back = before.response.transmitNanos - exchange.response.receiveNanos
          return back <= 0n
            ? undefined
            : fail(`a receive time of at least ${before.response.transmitNanos} ns`, `${back} ns before that`)
        },
        `over ${timed.length} exchanges`,
      )
    },
  },
  {
    id: 'wc-rate',
    title: 'the clock runs at the rate of the local clock, within its stated frequency error and the measurement error',
    source: CLAUSE_WC,
    judge: (observed) => {
      const timed = timedExchanges(observed)
      const [first] = timed
      const slack = readingErrorNanos(observed)
      const rate = fitRate(
        timed.map((exchange) => {
          const { sentNanos, receivedNanos, response } = exchange
          // Relative to the first, so that a double represents them to the nanosecond.
          const ours = Number(sentNanos + receivedNanos - 2n * (first?.sentNanos ?? 0n)) / 2
          const theirs =
            Number(response.receiveNanos + response.transmitNanos - 2n * (first?.response.receiveNanos ?? 0n)) / 2
          return {
            atNanos: ours,
            offsetNanos: theirs - ours,
            errorNanos: Math.max(0, roundTripNanos(exchange)) / 2 + slack,
          }
        }),
      )
      if (rate === undefined || first === undefined) return skipped('too few responses to measure a rate')
      const { ppm, boundPpm, spanSeconds } = rate
      const measured = `${signed(ppm)} ppm ± ${boundPpm.toFixed(0)} over ${spanSeconds.toFixed(1)} s`
      const stated = first.response.maxFreqError / 256
      if (Math.abs(ppm) > stated + LOCAL_MAX_FREQ_ERROR_PPM + boundPpm) {
        return fail(
          `within ${stated} ppm (server) + ${LOCAL_MAX_FREQ_ERROR_PPM} ppm (local) + ${boundPpm.toFixed(0)} ppm (measurement)`,
          measured,
        )
      }
      return boundPpm > USELESS_BOUND_PPM
        ? skipped(`measurement too coarse: ${measured}; use a longer --seconds`)
        : pass(measured)
    },
  },
]

/** Bound of the error of two readings of the server's clock. */
function readingErrorNanos(observed: WallClockObservations): number {
  const [message] = messagesOf(observed)
  const stated = message === undefined || message.precisionExponent > 0 ? 0 : precisionNanos(message)
  // A step of a second or more is not a real step, but means too few different times.
  const observedStep = Number(granularityNanos(observed) ?? 0n)
  return Math.max(stated, observedStep < NANOS_PER_SECOND ? observedStep : 0)
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`
}
