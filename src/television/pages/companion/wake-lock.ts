import { effect } from '@preact/signals'
import type { Follow } from './follow.js'

/** Keeps the screen on while following, where browsers let pages do that: not at plain http addresses of a network. */
export function keepAwake(follow: Follow): void {
  let lock: WakeLockSentinel | undefined
  let isWanted = false
  const update = async () => {
    if (!isWanted) {
      await lock?.release()
      lock = undefined
    } else if (!document.hidden && lock?.released !== false) {
      lock = await navigator.wakeLock?.request('screen').catch(() => undefined)
      // It may have been stopped meanwhile.
      if (!isWanted) await lock?.release()
    }
  }
  effect(() => {
    isWanted = follow.isStarted.value
    void update()
  })
  // Browsers release it when the page is hidden.
  document.addEventListener('visibilitychange', () => void update())
}
