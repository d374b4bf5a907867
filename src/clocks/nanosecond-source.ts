import { NANOS_PER_SECOND } from './tick-rate.js'

/** Reads a monotonic clock, in nanoseconds from an arbitrary origin. */
export type NanosecondSource = () => number

/** Enough steps to include the smallest. A step of a browser's coarse clock takes a millisecond, so the readings are limited. */
const STEPS = 1000
const READS = 200_000

/**
 * The machine's monotonic clock. In Node: process.hrtime, which is cheaper than its bigint variant and reads the same clock in all
 * processes of the machine. A double represents the nanoseconds exactly up to 2^53 (an uptime of 104 days), and to 2 ns for the next
 * 104 days. In a browser: performance.now, whose resolution the browser may reduce.
 */
export const monotonicNanos: NanosecondSource = chooseSource()

function chooseSource(): NanosecondSource {
  const { process: host } = globalThis as { process?: Partial<Pick<typeof process, 'hrtime'>> }
  if (typeof host?.hrtime !== 'function') return () => performance.now() * 1_000_000
  const node = host as Pick<typeof process, 'hrtime'>
  return () => {
    const time = node.hrtime()
    return time[0] * NANOS_PER_SECOND + time[1]
  }
}

/**
 * The resolution of a source, in seconds: the smallest step between two consecutive readings, which includes the time that a reading
 * takes. One nanosecond if the source did not advance.
 */
export function measurePrecisionSeconds(source: NanosecondSource): number {
  let smallest = Number.POSITIVE_INFINITY
  let last = source()
  for (let reads = 0, steps = 0; reads < READS && steps < STEPS; reads++) {
    const nanos = source()
    if (nanos > last) {
      smallest = Math.min(smallest, nanos - last)
      steps++
    }
    last = nanos
  }
  return (smallest === Number.POSITIVE_INFINITY ? 1 : smallest) / NANOS_PER_SECOND
}

let measured: number | undefined

/** The precision of {@link monotonicNanos}, measured on first use. */
export function monotonicPrecisionSeconds(): number {
  measured ??= measurePrecisionSeconds(monotonicNanos)
  return measured
}
