/** `warn`: works, but is likely to cause problems. `skipped`: could not be tried. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'skipped'

/** The result of a rule. */
export interface Outcome {
  readonly verdict: Verdict
  /** For people, in one line. */
  readonly reason: string
  readonly expected?: string
  readonly got?: string
}

/** One requirement on a television. It judges observations, and does not access the network. */
export interface Rule<Observed> {
  /** In kebab case, and never changed once published, because scripts match it. */
  readonly id: string
  readonly title: string
  /** The clause of the specification, or another origin of the rule. */
  readonly source: string
  judge(observed: Observed): Outcome
}

/** A rule with its outcome. */
export interface Finding extends Outcome {
  readonly rule: string
  readonly title: string
  readonly source: string
}

export const CLAUSE_CII = 'TS 103 286-2, 5.6'
export const CLAUSE_TS = 'TS 103 286-2, 5.7'
export const CLAUSE_WC = 'TS 103 286-2, 8'
/** Not specified, but companions in use depend on it. */
export const FIELD_PRACTICE = 'field practice'

export function pass(reason: string): Outcome {
  return { verdict: 'pass', reason }
}

export function fail(expected: string, got: string): Outcome {
  return { verdict: 'fail', reason: `expected ${expected}, got ${got}`, expected, got }
}

export function warn(expected: string, got: string): Outcome {
  return { verdict: 'warn', reason: `expected ${expected}, got ${got}`, expected, got }
}

export function skipped(reason: string): Outcome {
  return { verdict: 'skipped', reason }
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

export function judgeAll<Observed>(rules: readonly Rule<Observed>[], observed: Observed): Finding[] {
  return rules.map(({ id, title, source, judge }) => ({ rule: id, title, source, ...judge(observed) }))
}
