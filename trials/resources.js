// @ts-check
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'))

/** Handles that do not belong to connections, and whose number varies. */
const PASSING = new Set([
  'Timeout',
  'Immediate',
  'GetAddrInfoReqWrap',
  'FSReqCallback',
  'TickObject',
  'CloseReq',
  'TCPConnectWrap',
  'ShutdownWrap',
  'WriteWrap',
  'UDPSendWrap',
])

/** Number of open sockets and servers of each kind in this process. */
export function countHandles() {
  /** @type {Record<string, number>} */
  const handles = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (!PASSING.has(kind)) handles[kind] = (handles[kind] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(handles).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Timers that keep the process alive. */
export function countTimers() {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

/** Megabytes in use after garbage collection. */
export async function measureMemory() {
  for (let round = 0; round < 3; round++) {
    await turn()
    collectGarbage()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed / 2 ** 20, external: external / 2 ** 20, rss: rss / 2 ** 20 }
}

/**
 * Whether a series grows from its first third to its last by more than allowed.
 * @param {readonly number[]} series the first value is ignored, because code is still being compiled then
 * @param {number} allowed
 */
export function grows(series, allowed) {
  const settled = series.slice(1)
  const third = Math.ceil(settled.length / 3)
  return settled.length >= 3 && median(settled.slice(-third)) - median(settled.slice(0, third)) > allowed
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
