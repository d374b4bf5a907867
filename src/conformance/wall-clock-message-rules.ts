import {
  CLAUSE_WC,
  eachOf,
  FIELD_PRACTICE,
  fail,
  type Measurement,
  type Outcome,
  pass,
  type Rule,
  skipped,
  warn,
} from './rule.js'
import {
  granularityNanos,
  MESSAGE_BYTES,
  messagesOf,
  type OddRequest,
  precisionNanos,
  readMessage,
  type WallClockObservations,
} from './wall-clock-observations.js'

const ORIGINATE_FROM = 8
const ORIGINATE_TO = 16
const LOST_SHARE_TO_WARN_OF = 0.2
/** What happens to more than this share of the datagrams is not caused by the network. */
const MOST = 0.5
/** Below a nanosecond, which the wire format cannot express. */
const FINEST_EXPONENT = -30
/** 2⁻³ s: a coarser clock is useless for lip sync, or the field was never set. */
const COARSEST_EXPONENT = -3
const PPM_TO_WARN_OF = 1000

/** The responses to ordinary requests. */
export const WALL_CLOCK_MESSAGE_RULES: readonly Rule<WallClockObservations>[] = [
  {
    id: 'wc-answers',
    title: 'requests are answered',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: without a wall clock it cannot synchronise.',
    step: 'wc-observation',
    judge: ({ exchanges }) => {
      const answered = exchanges.filter(({ replies }) => replies.length > 0).length
      const share = `${answered} of ${exchanges.length} requests answered`
      if (answered === 0) return fail('a response to a request', `none to ${exchanges.length} requests`)
      const measurements: Measurement[] = [
        { name: 'requests', value: exchanges.length, unit: 'count' },
        { name: 'requests answered', value: answered, unit: 'count' },
      ]
      return answered < exchanges.length * (1 - LOST_SHARE_TO_WARN_OF)
        ? warn('nearly every request answered', share, ...measurements)
        : pass(share, ...measurements)
    },
  },
  {
    id: 'wc-answer-address',
    title: 'responses come from the address and port of the request',
    source: FIELD_PRACTICE,
    severity: 'field',
    harm: 'Companions with a connected UDP socket, and those behind a firewall: the operating system drops the response.',
    step: 'wc-observation',
    judge: (observed) =>
      eachOf(
        observed.exchanges.flatMap(({ replies }) => replies),
        ({ address, port }) =>
          address === observed.address && port === observed.port
            ? undefined
            : fail(`${observed.address} port ${observed.port}`, `${address} port ${port}`),
        `all from ${observed.address} port ${observed.port}`,
      ),
  },
  {
    id: 'wc-length',
    title: 'a response has exactly 32 bytes',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'pydvbcss: it raises an error for any other length.',
    step: 'wc-observation',
    judge: ({ exchanges }) =>
      eachOf(
        exchanges.flatMap(({ replies }) => replies),
        ({ bytes }) =>
          bytes.length === MESSAGE_BYTES ? undefined : fail(`${MESSAGE_BYTES} bytes`, `${bytes.length}: ${hex(bytes)}`),
        `all have ${MESSAGE_BYTES} bytes`,
      ),
  },
  fieldRule('wc-version', 'the version is 0', 'pydvbcss and dvbcss-protocols: they throw an error.', ({ version }) =>
    version === 0 ? undefined : ['0', `${version}`],
  ),
  fieldRule(
    'wc-reserved',
    'the reserved byte is 0',
    'Companions of a later version of the specification, which may give the byte a meaning.',
    ({ reserved }) => (reserved === 0 ? undefined : ['0', `${reserved}`]),
  ),
  fieldRule(
    'wc-type',
    'a response is of type 1, 2 or 3',
    'pydvbcss: it raises an error for other types.',
    ({ type }) => (type >= 1 && type <= 3 ? undefined : ['type 1, 2 or 3', `type ${type}`]),
  ),
  {
    id: 'wc-one-answer',
    title: 'a request gets one response: type 1 alone, or type 2 followed by type 3',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Companions that match responses to requests: the second response arrives unexpectedly, and may be measured twice.',
    step: 'wc-observation',
    judge: ({ exchanges }) => {
      const answered = exchanges.filter(({ replies }) => replies.length > 0)
      const types = ({ replies }: (typeof answered)[number]) =>
        replies.map(({ bytes }) => readMessage(bytes)?.type ?? '?').join(', ')
      if (answered.length === 0) return skipped('no response received')
      // Type 2 alone is the business of wc-follow-up-complete: the follow-up may have been lost. Types that do not exist are that of wc-type.
      const wrong = answered.map(types).filter((each) => !/^(1|2|2, 3|[^123].*)$/.test(each))
      const [first] = wrong
      if (first === undefined) return pass(`types: ${[...new Set(answered.map(types))].join('; ')}`)
      const expected = '1, or 2 followed by 3'
      // Networks duplicate, lose and reorder datagrams.
      return wrong.length > answered.length * MOST
        ? fail(expected, first)
        : warn(expected, `${first} for ${wrong.length} of ${answered.length} requests`)
    },
  },
  {
    id: 'wc-follow-up-complete',
    title: 'a response of type 2 is followed by a follow-up with the same fields and a later transmit time',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'dvbcss-protocols: it waits 3 s for the follow-up that a response announces.',
    step: 'wc-observation',
    judge: ({ exchanges }) => {
      const announced = exchanges.filter(({ replies }) => replies.some(({ bytes }) => readMessage(bytes)?.type === 2))
      if (announced.length === 0) return skipped('the server announces no follow-ups')
      const completed = announced.filter(({ replies }) => replies.some(({ bytes }) => readMessage(bytes)?.type === 3))
      if (completed.length < announced.length * (1 - LOST_SHARE_TO_WARN_OF)) {
        return fail(
          'a follow-up to each response of type 2',
          `${completed.length} follow-ups to ${announced.length} responses of type 2`,
        )
      }
      return eachOf(
        completed,
        ({ replies }) => {
          const messages = replies.map(({ bytes }) => bytes)
          const response = messages.find((bytes) => readMessage(bytes)?.type === 2)
          const followUp = messages.find((bytes) => readMessage(bytes)?.type === 3)
          if (response === undefined || followUp === undefined) return undefined
          if (!sameBytes(response.subarray(2, 24), followUp.subarray(2, 24))) {
            return fail(`bytes 2 to 23 as in the response, ${hex(response)}`, hex(followUp))
          }
          const before = readMessage(response)?.transmitNanos ?? 0n
          const after = readMessage(followUp)?.transmitNanos ?? 0n
          return after >= before
            ? undefined
            : fail('a transmit time not before that of the response', `${before - after} ns before it`)
        },
        `${completed.length} of ${announced.length} received`,
      )
    },
  },
  {
    id: 'wc-originate-echoed',
    title: 'a response repeats the eight bytes of the originate time',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: it measures from a wrong time, or rejects the response.',
    step: 'wc-observation',
    judge: ({ exchanges }) =>
      eachOf(
        exchanges.flatMap(({ request, replies }) => replies.map(({ bytes }) => [request, bytes] as const)),
        ([request, bytes]) => notEchoed(request, bytes),
        'all do',
      ),
  },
  {
    id: 'wc-originate-cookie',
    title:
      'a response repeats the originate bytes also if they are not a valid time, because clients match responses by them',
    source: FIELD_PRACTICE,
    severity: 'field',
    harm: 'Companions that use the originate time as a cookie to match responses, such as the Companion of fastify-dvbcss: they reject the response.',
    step: 'wc-unusual-originates',
    judge: (observed) => oddRequests(observed.originates, observed),
  },
  {
    id: 'wc-request-fields-ignored',
    title: 'a request is answered regardless of the fields that the server fills in',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Companions that fill in their own precision and frequency error, such as pydvbcss: they get no response.',
    step: 'wc-filled-requests',
    judge: (observed) => oddRequests(observed.filled, observed),
  },
  {
    id: 'wc-precision-plausible',
    title: `the precision is between 2^${FINEST_EXPONENT} s and 2^${COARSEST_EXPONENT} s`,
    source: CLAUSE_WC,
    severity: 'field',
    harm: 'Every companion that keeps the measurement with the lowest dispersion: its error bound is useless, or too good to be true.',
    step: 'wc-observation',
    judge: (observed) =>
      eachOf(
        messagesOf(observed),
        ({ precisionExponent: exponent }) =>
          exponent >= FINEST_EXPONENT && exponent <= COARSEST_EXPONENT
            ? undefined
            : fail(`an exponent from ${FINEST_EXPONENT} to ${COARSEST_EXPONENT}`, `${exponent}, ${2 ** exponent} s`),
        `2^${messagesOf(observed)[0]?.precisionExponent} s`,
      ),
  },
  {
    id: 'wc-precision-kept',
    title: 'the clock advances in steps no coarser than its stated precision',
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: its error bound is smaller than its error.',
    step: 'wc-observation',
    judge: (observed) => {
      const step = granularityNanos(observed)
      const [message] = messagesOf(observed)
      if (step === undefined || message === undefined) return skipped('too few different times')
      // Twice, because precision is stated as a power of two.
      const stated = precisionNanos(message)
      const seen = `steps of ${step} ns`
      const measurements: Measurement[] = [
        { name: 'steps of the wall clock', value: Number(step), unit: 'ns' },
        { name: 'stated precision', value: stated, unit: 'ns' },
      ]
      return Number(step) <= 2 * stated
        ? pass(`${seen}, precision ${Math.round(stated)} ns`, ...measurements)
        : fail(`steps of about ${Math.round(stated)} ns or less`, seen, ...measurements)
    },
  },
  {
    id: 'wc-max-freq-error-plausible',
    title: `the maximum frequency error is above 0 and at most ${PPM_TO_WARN_OF} ppm`,
    source: CLAUSE_WC,
    severity: 'fault',
    harm: 'Every companion: its error bound does not grow between measurements, or grows too fast.',
    step: 'wc-observation',
    judge: (observed) =>
      eachOf(
        messagesOf(observed),
        ({ maxFreqError }) => {
          const ppm = maxFreqError / 256
          if (maxFreqError === 0)
            return fail('above 0 ppm (no oscillator is perfect, and the field is rounded up)', '0 ppm')
          return ppm > PPM_TO_WARN_OF ? warn(`at most ${PPM_TO_WARN_OF} ppm`, `${ppm} ppm`) : undefined
        },
        `${(messagesOf(observed)[0]?.maxFreqError ?? 0) / 256} ppm`,
      ),
  },
]

function fieldRule(
  id: string,
  title: string,
  harm: string,
  problemWith: (message: ReturnType<typeof messagesOf>[number]) => [expected: string, got: string] | undefined,
): Rule<WallClockObservations> {
  return {
    id,
    title,
    source: CLAUSE_WC,
    severity: 'fault',
    harm,
    step: 'wc-observation',
    judge: (observed) =>
      eachOf(
        messagesOf(observed),
        (message) => {
          const found = problemWith(message)
          return found && fail(...found)
        },
        `in all ${messagesOf(observed).length} responses`,
      ),
  }
}

function oddRequests(requests: readonly OddRequest[], { exchanges }: WallClockObservations): Outcome {
  const all = exchanges.flatMap(({ request, replies }) => replies.map(({ bytes }) => notEchoed(request, bytes)))
  if (all.some((outcome) => outcome !== undefined))
    return skipped('responses do not repeat the originate time of ordinary requests')
  return eachOf(
    requests,
    ({ name, tries }) => {
      const replies = tries.flatMap(({ request, replies }) => replies.map(({ bytes }) => [request, bytes] as const))
      if (replies.length === 0) return fail(`a response to ${name}`, `none to ${tries.length} requests`)
      return replies.map(([request, bytes]) => notEchoed(request, bytes)).find((outcome) => outcome !== undefined)
    },
    requests.map(({ name }) => name).join('; '),
  )
}

function notEchoed(request: Uint8Array, response: Uint8Array) {
  const expected = request.subarray(ORIGINATE_FROM, ORIGINATE_TO)
  const got = response.subarray(ORIGINATE_FROM, ORIGINATE_TO)
  return sameBytes(expected, got) ? undefined : fail(`originate ${hex(expected)}`, hex(got))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

const MAX_HEX_BYTES = 256

export function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, MAX_HEX_BYTES)).toString('hex')
  return bytes.length <= MAX_HEX_BYTES ? shown : `${shown} [and ${bytes.length - MAX_HEX_BYTES} more bytes]`
}
