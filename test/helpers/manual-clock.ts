import { SystemClock, type SystemClockOptions } from '../../src/clocks/index.js'

/** A system clock that stands still until the test moves it. */
export interface ManualClock {
  readonly clock: SystemClock
  /** What the clock's source reads; settable. */
  nanos: number
  advanceSeconds(seconds: number): void
}

/** Starts at 0, with a precision of 1 ns, unless told otherwise. */
export function manualClock(options: Omit<SystemClockOptions, 'source'> = {}): ManualClock {
  const manual = {
    clock: new SystemClock({ precisionSeconds: 1e-9, name: 'root', ...options, source: () => manual.nanos }),
    nanos: 0,
    advanceSeconds(seconds: number): void {
      manual.nanos += seconds * 1e9
    },
  }
  return manual
}
