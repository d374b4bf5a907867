import { DvbcssError, describeValue, MAX_DESCRIPTION_LENGTH, visible } from '../validation/index.js'

/**
 * Every way in which a message can be wrong:
 * - `not-json`: the text is no JSON, or its bytes are no UTF-8;
 * - `not-an-object`: the message as a whole is something else than an object;
 * - `missing`: a property that the message needs is absent;
 * - `wrong-type`: a property is of another JSON type;
 * - `invalid-value`: the type is right and the value is not;
 * - `wrong-length`: a binary message of another length;
 * - `wrong-version`: a message of a version that is not spoken here.
 */
export type MessageErrorKind =
  | 'not-json'
  | 'not-an-object'
  | 'missing'
  | 'wrong-type'
  | 'invalid-value'
  | 'wrong-length'
  | 'wrong-version'

/**
 * A message that breaks a rule. The text names the field and the value: `contentId: expected a string, got 7`.
 * Code `DVBCSS_ERR_INVALID_MESSAGE`; `kind` says which rule.
 */
export class MessageError extends DvbcssError {
  readonly kind: MessageErrorKind
  /** Where in the message, for example `timelines[0].timelineProperties.unitsPerTick`. */
  readonly field: string
  /** What stood there; not enumerable, so that no log writes out what may be huge, deep or private. */
  declare readonly value: unknown

  /** @param expected What the field takes, to follow the word "expected": `a string`. */
  constructor(kind: MessageErrorKind, field: string, expected: string, value: unknown) {
    const found = kind === 'missing' ? 'it is missing' : `got ${describeValue(value)}`
    super('DVBCSS_ERR_INVALID_MESSAGE', `${visible(field, MAX_DESCRIPTION_LENGTH)}: expected ${expected}, ${found}`)
    this.kind = kind
    this.field = field
    Object.defineProperty(this, 'name', {
      value: 'MessageError',
      enumerable: false,
      configurable: true,
      writable: true,
    })
    Object.defineProperty(this, 'value', { value })
  }
}
