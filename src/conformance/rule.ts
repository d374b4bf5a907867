import type { StepId } from './step.js'

/**
 * How much a rule matters. `fault`: it violates the specification. `field`: companions that are in use have problems with it.
 * `advice`: no companion is known that it harms.
 */
export type Severity = 'fault' | 'field' | 'advice'

/** `fail`: a fault. `warn`: a violation of lower severity. `skipped`: it could not be tried. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'skipped'

/** A number that was measured, for reports. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: 'ns' | 's' | 'ppm' | '1/s' | 'count' | 'ticks'
}

/** The result of a rule. `warn` lowers the severity of this outcome to `advice`. */
export interface Outcome {
  readonly verdict: Verdict
  /** For people. */
  readonly reason: string
  readonly expected?: string
  readonly got?: string
  readonly measurements?: readonly Measurement[]
}

/** One requirement on a television. It judges observations, and does not access the network. */
export interface Rule<Observed> {
  /** In kebab case, and never changed once published, because scripts match it. */
  readonly id: string
  readonly title: string
  /** The clause of the specification, or another origin of the rule. */
  readonly source: string
  readonly severity: Severity
  /** What a violation does, and to which companion. */
  readonly harm: string
  /** The step that makes the observations which this rule judges. Absent: it can always be judged. */
  readonly step?: StepId
  judge(observed: Observed): Outcome
}

/** A rule with its outcome. */
export interface Finding extends Outcome {
  readonly rule: string
  readonly title: string
  readonly source: string
  readonly severity: Severity
  readonly harm: string
  /** How long the observations took that it judges. */
  readonly seconds: number
}

export const CLAUSE_CII = 'TS 103 286-2, 5.6'
export const CLAUSE_TS = 'TS 103 286-2, 5.7'
export const CLAUSE_WC = 'TS 103 286-2, 8'
/** Not specified, but companions in use depend on it. */
export const FIELD_PRACTICE = 'field practice'

export function pass(reason: string, ...measurements: Measurement[]): Outcome {
  return { verdict: 'pass', reason, measurements }
}

export function fail(expected: string, got: string, ...measurements: Measurement[]): Outcome {
  return { verdict: 'fail', reason: `expected ${expected}, got ${got}`, expected, got, measurements }
}

export function warn(expected: string, got: string, ...measurements: Measurement[]): Outcome {
  return { verdict: 'warn', reason: `expected ${expected}, got ${got}`, expected, got, measurements }
}

export function skipped(reason: string, ...measurements: Measurement[]): Outcome {
  return { verdict: 'skipped', reason, measurements }
}

/**
 * The first failure among the items, else the first warning.
 * @param otherwise the reason to pass if there is neither
 * @param none the reason to skip if there are no items
 */
export function eachOf<Item>(
  items: readonly Item[],
  problemWith: (item: Item, index: number) => Outcome | undefined,
  otherwise: string,
  none = 'no message received to apply this to',
): Outcome {
  if (items.length === 0) return skipped(none)
  let warning: Outcome | undefined
  for (const [index, item] of items.entries()) {
    const outcome = problemWith(item, index)
    if (outcome?.verdict === 'fail') return outcome
    warning ??= outcome
  }
  return warning ?? pass(otherwise)
}

/** What is known about the steps when the rules are applied. */
export interface Judging {
  /** Whether violations of every severity fail. */
  readonly isStrict?: boolean
  /** Whether a rule is to be applied. */
  readonly isSelected?: (id: string) => boolean
  /** Why a step has made no observations. */
  readonly notTried?: (step: StepId) => string | undefined
  readonly secondsOf?: (step: StepId) => number
}

export function judgeAll<Observed>(
  rules: readonly Rule<Observed>[],
  observed: Observed,
  { isStrict = false, isSelected = () => true, notTried = () => undefined, secondsOf = () => 0 }: Judging = {},
): Finding[] {
  return rules
    .filter(({ id }) => isSelected(id))
    .map(({ id, title, source, severity, harm, step, judge }) => {
      const missing = step && notTried(step)
      const outcome = missing === undefined ? judge(observed) : skipped(`not tried: ${missing}`)
      const isViolated = outcome.verdict === 'fail' || outcome.verdict === 'warn'
      const judged: Severity = outcome.verdict === 'warn' ? 'advice' : severity
      const verdict = !isViolated ? outcome.verdict : judged === 'fault' || isStrict ? 'fail' : 'warn'
      const seconds = step === undefined ? 0 : secondsOf(step)
      return { rule: id, title, source, harm, ...outcome, severity: judged, verdict, seconds }
    })
}
