import { describeValue, MAX_DESCRIPTION_LENGTH, visible } from '../../validation/index.js'

/**
 * A deviation from the specification that a lenient reader accepts:
 * - `byte-order-mark`, `trailing-bytes`: before or after the message;
 * - `binary-frame`: JSON in a binary frame;
 * - `pairing-completed`: the greeting of an App2App channel, after which setup-data is sent again;
 * - `name-case`, `value-case`: the name of a property, or one of its defined words, in other case;
 * - `white-space`: around a value, or more than one space between words;
 * - `list-for-string`, `object-for-list`, `number-for-string`, `string-for-number`, `string-for-object`: another JSON type, with
 *   the same meaning;
 * - `number-form`: an integer in another notation, such as `"007"`, `"+5"` or `"1e9"`;
 * - `fraction`: a time with a fraction, which is rounded, or a tick rate with one;
 * - `inexact-number`: a time that the sender has rounded; the error bound includes the rounding;
 * - `missing`: a required property is absent, and its meaning is known without it;
 * - `unexpected-null`: null where the specification does not permit it; treated as absent;
 * - `empty-string`: a URL without characters; treated as null;
 * - `unknown-word`: a word that the specification does not define; treated as null;
 * - `invalid-property`: a property or an entry of a list that is not understood, and is ignored;
 * - `misplaced-property`: the tick rate of a timeline outside its `timelineProperties`;
 * - `partly-null`: a control timestamp with null for only some of its properties: the timeline is unavailable;
 * - `relative-url`, `http-url`, `unspecified-host`, `loopback-host`: a URL completed from the URL of CII;
 * - `wrong-version`, `reserved-byte`, `request-type`: header fields of a wall clock answer that matches a request;
 * - `precision-zero`: a wall clock answer with a precision of 2⁰ s, probably because the field was never set. The error bound
 *   includes the second.
 */
export type ForgivenKind =
  | 'byte-order-mark'
  | 'trailing-bytes'
  | 'binary-frame'
  | 'pairing-completed'
  | 'name-case'
  | 'value-case'
  | 'white-space'
  | 'list-for-string'
  | 'object-for-list'
  | 'number-for-string'
  | 'string-for-number'
  | 'string-for-object'
  | 'number-form'
  | 'fraction'
  | 'inexact-number'
  | 'missing'
  | 'unexpected-null'
  | 'empty-string'
  | 'unknown-word'
  | 'invalid-property'
  | 'misplaced-property'
  | 'partly-null'
  | 'relative-url'
  | 'http-url'
  | 'unspecified-host'
  | 'loopback-host'
  | 'wrong-version'
  | 'reserved-byte'
  | 'request-type'
  | 'precision-zero'

/** One deviation that was accepted. */
interface Forgiven {
  readonly kind: ForgivenKind
  /** Human-readable: what was expected and what was received. */
  readonly detail: string
}

/** Number of accepted deviations by kind. Kinds that did not occur are absent. */
export type ForgivenCounts = Readonly<Partial<Record<ForgivenKind, number>>>

/** Deviations of one message that are reported one by one; all are counted. A message of 1 MiB could have 100,000. */
const MAX_REPORTED = 16

/** The deviations that a lenient reader accepted in one message. */
export class Forgiveness {
  readonly counts: Map<ForgivenKind, number> = new Map()
  /** The first of them. */
  readonly reports: Forgiven[] = []

  /** @param expected to follow the word "expected": `a string`. @param effect how the value is treated. */
  add(kind: ForgivenKind, field: string, expected: string, value: unknown, effect?: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    if (this.reports.length >= MAX_REPORTED) return
    const found = value === undefined ? 'it is missing' : `received ${describeValue(value)}`
    const place = visible(field, MAX_DESCRIPTION_LENGTH)
    const detail = `${place}: expected ${expected}, ${found}${effect === undefined ? '' : `; ${effect}`}`
    this.reports.push({ kind, detail })
  }
}

/** Counts accepted deviations by kind. */
export class ForgivenCounter {
  readonly #counts = new Map<ForgivenKind, number>()

  has(kind: ForgivenKind): boolean {
    return this.#counts.has(kind)
  }

  add(kind: ForgivenKind, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count)
  }

  addAll({ counts }: Pick<Forgiveness, 'counts'>): void {
    for (const [kind, count] of counts) this.add(kind, count)
  }

  addCounts(counts: ForgivenCounts = {}): void {
    for (const [kind, count] of Object.entries(counts)) this.add(kind as ForgivenKind, count)
  }

  /** A snapshot. */
  get counts(): ForgivenCounts {
    return Object.fromEntries(this.#counts)
  }

  /** A counter with other counts added. */
  plus(counts: ForgivenCounts | undefined): ForgivenCounter {
    const sum = new ForgivenCounter()
    sum.addAll({ counts: this.#counts })
    sum.addCounts(counts)
    return sum
  }
}
