import { effect } from '@preact/signals'
import type { Follow } from './follow.js'

/** Keeps the screen on while following, where browsers let pages do that: not on plain http addresses of a network. */
export function keepAwake(follow: Follow): void {
  let lock: WakeLockSentinel | undefined
  const request = async () => {
    if (document.hidden || follow.state.peek().name !== 'follower') return
    lock = await navigator.wakeLock?.request('screen').catch(() => undefined)
  }
  effect(() => {
    if (follow.state.value.name === 'follower') {
      if (lock === undefined || lock.released) void request()
    } else {
      void lock?.release()
      lock = undefined
    }
  })
  document.addEventListener('visibilitychange', () => void request())
}
