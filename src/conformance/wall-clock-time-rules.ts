import { NANOS_PER_SECOND } from '../clocks/index.js'
import { fitRate } from './rate.js'
import { CLAUSE_WC, eachOf, fail, type Measurement, pass, type Rule, skipped } from './rule.js'
import {
  messagesOf,
  roundTripNanos,
  type TimedExchange,
  timedExchanges,
  type WallClockObservations,
} from './wall-clock-observations.js'
import {
  hasGoneBack,
  hasNegativeRoundTrip,
  type Jump,
  jumpOf,
  offsetSamples,
  readingErrorNanos,
} from './wall-clock-samples.js'

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
    severity: 'fault',
    harm: 'Every companion: the time that it reads is wrong by up to 4 s.',
    step: 'wc-observation',
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
    severity: 'fault',
    harm: 'Every companion: the round trip that it computes is too long, and its offset is wrong.',
    step: 'wc-observation',
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
    severity: 'fault',
    harm: 'Every companion: the round trip that it computes is negative, and such a measurement wins over all others.',
    step: 'wc-observation',
    judge: (observed) => {
      const slack = readingErrorNanos(observed)
      const trips = timedExchanges(observed)
        .map(roundTripNanos)
        .sort((a, b) => a - b)
      const [shortest = 0] = trips
      const outcome = eachOf(
        timedExchanges(observed),
        (exchange) => {
          const took = Number(exchange.receivedNanos - exchange.sentNanos)
          const claimed = Number(exchange.response.transmitNanos - exchange.response.receiveNanos)
          // 1 % more, because the two clocks may run at different rates.
          return claimed <= took * 1.01 + slack ? undefined : fail(`at most ${took} ns`, `${claimed} ns`)
        },
        `shortest round trip ${(Math.max(0, shortest) / 1e6).toFixed(3)} ms`,
      )
      if (trips.length === 0) return outcome
      const measurements: Measurement[] = [
        { name: 'shortest round trip', value: shortest, unit: 'ns' },
        { name: 'median round trip', value: trips[trips.length >> 1] ?? 0, unit: 'ns' },
        { name: 'longest round trip', value: trips.at(-1) ?? 0, unit: 'ns' },
      ]
      return { ...outcome, measurements }
    },
  },
  {
    id: 'wc-monotonic',
    title: 'the clock never goes backwards between exchanges',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: its measurements contradict each other.',
    step: 'wc-observation',
    judge: (observed) => {
      const timed = timedExchanges(observed)
      if (timed.length < 2) return skipped('fewer than two responses')
      // A transmit time that is too late is later than the next receive time: that is the business of another rule.
      if (hasNegativeRoundTrip(observed)) return skipped('round trips are negative')
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
    id: 'wc-steady',
    title: 'the clock does not jump between exchanges',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: the measurement that it holds is suddenly wrong by more than its error bound.',
    step: 'wc-observation',
    judge: (observed) => {
      const samples = offsetSamples(observed)
      if (samples.length === 0) return skipped('no response received')
      const jump = jumpOfClock(observed)
      if (jump === undefined) return pass(`over ${samples.length} exchanges`)
      if (hasGoneBack(observed)) return skipped('the clock went backwards')
      if (hasNegativeRoundTrip(observed)) return skipped('round trips are negative')
      return fail(
        `offsets that a clock of constant rate explains, within ${millis(jump.allowedNanos)}`,
        `a jump of ${millis(jump.nanos)}`,
        { name: 'jump of the wall clock', value: jump.nanos, unit: 'ns' },
      )
    },
  },
  {
    id: 'wc-rate',
    title: 'the clock runs at the rate of the local clock, within its stated frequency error and the measurement error',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: its error bound grows too slowly for how the clock runs.',
    step: 'wc-observation',
    judge: (observed) => {
      const [first] = timedExchanges(observed)
      const samples = offsetSamples(observed)
      const rate = fitRate(samples)
      if (rate === undefined || first === undefined) return skipped('too few responses to measure a rate')
      if (jumpOfClock(observed) !== undefined) return skipped('the clock jumped')
      if (hasNegativeRoundTrip(observed)) return skipped('round trips are negative')
      const { ppm, boundPpm, spanSeconds } = rate
      const measured = `${signed(ppm)} ppm ± ${boundPpm.toFixed(0)} over ${spanSeconds.toFixed(1)} s`
      const stated = first.response.maxFreqError / 256
      const measurements: Measurement[] = [
        { name: 'rate against the local clock', value: ppm, unit: 'ppm' },
        { name: 'bound of the error of the rate', value: boundPpm, unit: 'ppm' },
      ]
      if (Math.abs(ppm) > stated + LOCAL_MAX_FREQ_ERROR_PPM + boundPpm) {
        return fail(
          `within ${stated} ppm (server) + ${LOCAL_MAX_FREQ_ERROR_PPM} ppm (local) + ${boundPpm.toFixed(0)} ppm (measurement)`,
          measured,
          ...measurements,
        )
      }
      return boundPpm > USELESS_BOUND_PPM
        ? skipped(`measurement too coarse: ${measured}; use a longer --seconds`, ...measurements)
        : pass(measured, ...measurements)
    },
  },
]

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`
}

function millis(nanos: number): string {
  return `${(nanos / 1e6).toFixed(3)} ms`
}

function jumpOfClock(observed: WallClockObservations): Jump | undefined {
  const statedPpm = (messagesOf(observed)[0]?.maxFreqError ?? 0) / 256
  return jumpOf(offsetSamples(observed), statedPpm + LOCAL_MAX_FREQ_ERROR_PPM)
}
