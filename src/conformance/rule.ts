/** `warn` is for what works, and will trouble somebody; `skipped` for what could not be tried. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'skipped'

/** What a rule makes of what was observed. */
export interface Outcome {
  readonly verdict: Verdict
  /** For people, in one line. */
  readonly reason: string
  readonly expected?: string
  readonly got?: string
}

/** One thing that a television has to keep to. It judges observations, and touches no network. */
export interface Rule<Observed> {
  /** In kebab case, and never changed once published: scripts look for it. */
  readonly id: string
  readonly title: string
  /** The clause of the specification, or where else the rule comes from. */
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
/** Not written down as a rule; companions that are in use depend on it. */
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

/** The first complaint about any of the items; `none` when there are no items, and `otherwise` when all are in order. */
export function eachOf<Item>(
  items: readonly Item[],
  complaint: (item: Item, index: number) => Outcome | undefined,
  otherwise: string,
  none = 'nothing came that this could be seen in',
): Outcome {
  if (items.length === 0) return skipped(none)
  let warning: Outcome | undefined
  for (const [index, item] of items.entries()) {
    const outcome = complaint(item, index)
    if (outcome?.verdict === 'fail') return outcome
    warning ??= outcome
  }
  return warning ?? pass(otherwise)
}

export function judgeAll<Observed>(rules: readonly Rule<Observed>[], observed: Observed): Finding[] {
  return rules.map(({ id, title, source, judge }) => ({ rule: id, title, source, ...judge(observed) }))
}
