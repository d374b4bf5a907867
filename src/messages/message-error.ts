import { DvbcssError, describeValue, MAX_DESCRIPTION_LENGTH, visible } from '../validation/index.js'

/**
 * Why a message is invalid:
 * - `not-json`: the text is not valid JSON, or its bytes are not valid UTF-8;
 * - `not-an-object`: the message is not a JSON object;
 * - `missing`: a required property is absent;
 * - `wrong-type`: a property has the wrong JSON type;
 * - `invalid-value`: the type is correct, but the value is invalid;
 * - `wrong-length`: a binary message has the wrong length;
 * - `wrong-version`: the protocol version is not supported.
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
 * A message is invalid. The text names the field and the value: `contentId: expected a string, received 7`.
 * Code `DVBCSS_ERR_INVALID_MESSAGE`; `kind` is the violated rule.
 */
export class MessageError extends DvbcssError {
  /** The rule that the message violates. */
  readonly kind: MessageErrorKind
  /** Path of the invalid field, for example `timelines[0].timelineProperties.unitsPerTick`. */
  readonly field: string
  /** The invalid value. Not enumerable, to keep values that may be huge, deeply nested or private out of logs. */
  declare readonly value: unknown

  /** @param expected The valid values, to follow the word "expected": `a string`. */
  constructor(kind: MessageErrorKind, field: string, expected: string, value: unknown) {
    const found = kind === 'missing' ? 'it is missing' : `received ${describeValue(value)}`
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
