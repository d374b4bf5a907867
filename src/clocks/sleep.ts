import { checkOption, checkOptions, type OptionTable, type OptionType, option } from '../validation/index.js'
import type { Clock } from './clock.js'
import { SCHEDULE_OPTIONS, type ScheduleOptions, scheduleAt } from './scheduler.js'
import { TICKS_TYPE } from './tick-rate.js'

/** Options of `sleepUntil` and `sleepFor`. */
export interface SleepOptions extends ScheduleOptions {
  /** Ends the sleep: the promise is rejected with the signal's reason. Default: none. */
  signal?: AbortSignal
}

const OPTIONS: OptionTable<SleepOptions, 'unref'> = { ...SCHEDULE_OPTIONS, signal: option.abortSignal() }
const DURATION_TYPE: OptionType<number> = option.number({ min: 0 }, 'ticks')

/** See {@link Clock.sleepUntil}. */
export function sleepUntil(clock: Clock, ticks: number, options: SleepOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal, unref } = checkOptions(OPTIONS, options)
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
      { unref },
    )
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** See {@link Clock.sleepFor}. */
export async function sleepFor(clock: Clock, ticks: number, options: SleepOptions = {}): Promise<void> {
  checkOption('ticks', DURATION_TYPE, ticks)
  const direction = clock.effectiveSpeed < 0 ? -1 : 1
  const target = checkOption('ticks', TICKS_TYPE, clock.now() + direction * ticks)
  return sleepUntil(clock, target, options)
}
