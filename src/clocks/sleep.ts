import { checkFinite, checkNotNegative, show } from '../validation/index.js'
import type { Clock } from './clock.js'
import { type ScheduleOptions, scheduleAt } from './scheduler.js'

export interface SleepOptions extends ScheduleOptions {
  /** Ends the sleep: the promise is rejected with the signal's reason. Default: none. */
  signal?: AbortSignal
}

/** See {@link Clock.sleepUntil}. */
export function sleepUntil(clock: Clock, ticks: number, options: SleepOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal, ...rest } = options
    checkSignal(signal)
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      call.cancel()
      reject(signal?.reason)
    }
    const call = scheduleAt(
      clock,
      ticks,
      () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      },
      rest,
    )
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** See {@link Clock.sleepFor}. */
export async function sleepFor(clock: Clock, ticks: number, options: SleepOptions = {}): Promise<void> {
  checkNotNegative('ticks', ticks, 'ticks, 0 or more')
  const direction = clock.effectiveSpeed < 0 ? -1 : 1
  const target = checkFinite('ticks', clock.now() + direction * ticks, 'ticks that the clock can reach')
  return sleepUntil(clock, target, options)
}

/** By its members, since a signal may come from another realm, an iframe for instance. */
function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return
  throw new TypeError(`signal: expected an AbortSignal, got ${show(signal)}`)
}
