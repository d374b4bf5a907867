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
  let nanos = 0
  return {
    clock: new SystemClock({ precisionSeconds: 1e-9, name: 'root', ...options, source: () => nanos }),
    get nanos(): number {
      return nanos
    },
    set nanos(value: number) {
      nanos = value
    },
    advanceSeconds(seconds: number): void {
      nanos += seconds * 1e9
    },
  }
}
