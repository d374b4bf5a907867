/** Nanoseconds as the wire has them. A clock that has no time now reads 0: the wire has no word for that, and it may not stop a message. */
export function wireTime(nanos: number): bigint {
  return Number.isFinite(nanos) ? BigInt(Math.round(nanos)) : 0n
}
