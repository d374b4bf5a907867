/** Longer numbers are rejected: every time that a clock can represent has at most 31 digits before the point. */
const MAX_DECIMAL_LENGTH = 64
const MAX_EXPONENT = 40
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i
const NUMBER_LITERAL = '(-?\\d[\\d.eE+-]*)'

/** A decimal number as an integer. */
export interface DecimalInteger {
  readonly value: bigint
  /** Whether the number had a fraction, which was rounded. */
  readonly isRounded: boolean
  /** Maximum difference between the value and the one that the sender rounded to these digits. */
  readonly error: number
}

/** Reads a decimal number, which may have a sign, leading zeros, a fraction and an exponent. Undefined for anything else. */
export function parseDecimal(text: string): DecimalInteger | undefined {
  if (text.length > MAX_DECIMAL_LENGTH) return undefined
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponentText] = match
  const exponent = Number(exponentText ?? 0)
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined
  // The number is digits · 10^shift.
  const digits = BigInt(whole + fraction)
  const shift = exponent - fraction.length
  const scale = 10n ** BigInt(Math.abs(shift))
  let size = shift >= 0 ? digits * scale : digits / scale
  const rest = shift >= 0 ? 0n : digits % scale
  if (rest * 2n >= scale) size += 1n
  return {
    value: sign === '-' ? -size : size,
    isRounded: rest !== 0n,
    // With an exponent, digits may have been dropped: 1.7e18 may represent any number that rounds to it.
    error: exponentText !== undefined && shift > 0 ? Number(scale) : rest === 0n ? 0 : 0.5,
  }
}

/** The spacing of doubles near a value above 2⁵³: senders that write times as JSON numbers round to it. 0 for smaller values. */
export function spacingOfDoubles(value: number): number {
  const size = Math.abs(value)
  return size <= Number.MAX_SAFE_INTEGER ? 0 : 2 ** (Math.floor(Math.log2(size)) - 52)
}

/**
 * The digits of a number in the text that it was parsed from, because parsing to a double rounds values above 2⁵³.
 * @returns undefined if the digits cannot be identified with certainty.
 */
export function literalOf(text: string, key: string, parsed: number): string | undefined {
  const name = JSON.stringify(key).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const literals = [...text.matchAll(new RegExp(`${name}\\s*:\\s*${NUMBER_LITERAL}`, 'g'))].map(
    ([, literal]) => literal,
  )
  // With duplicates or nested objects it is not certain which of them the number is from.
  const [literal] = literals
  return literals.length === 1 && literal !== undefined && Number(literal) === parsed ? literal : undefined
}
