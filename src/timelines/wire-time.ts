/** Converts nanoseconds to an integer for the wire. NaN becomes 0: the wire format cannot express it, and it must not block a message. */
export function wireTime(nanos: number): bigint {
  return Number.isFinite(nanos) ? BigInt(Math.round(nanos)) : 0n
}
