import {
  Companion,
  type CompanionEvents,
  type CompanionPosition,
  type CompanionTarget,
} from '../../../src/companion/index.js'
import type { Cii } from '../../../src/messages/index.js'

/** What a test may do in the page: it is the script of the page, and runs in the browser only. */
export interface CompanionPage {
  start(television: string | CompanionTarget, encoding: 'binary' | 'json'): void
  stop(): void
  /** The oldest event of this name that was not taken yet, or the next. */
  take<Name extends keyof CompanionEvents>(name: Name): Promise<CompanionEvents[Name]>
  /** Where the content is now. @throws Error before that was ever known */
  read(): Reading
  /** Where it is as soon as the wall clock is so sure, which is after an answer. */
  readWithin(dispersionSeconds: number): Promise<Reading>
  state(): Cii
  wallClockUrl(): string | undefined
}

/** A position, and when and how surely the page took it. */
export interface Reading extends CompanionPosition {
  /** By the page's own clock, which counts from when it was navigated to. */
  pageNanos: number
  /** By how much the page says that its wall clock may be off. */
  dispersionSeconds: number
}

const NAMES = [
  'route',
  'change',
  'timeline',
  'available',
  'unavailable',
  'timing',
  'adjusted',
  'protocolError',
  'connected',
  'disconnected',
  'connectFailed',
] as const
const QUICK = { backoff: { initialSeconds: 0.05, maxSeconds: 0.1 } }

let companion = new Companion('ws://none.invalid')
const untaken = new Map<string, unknown[]>()
const waiting = new Map<string, ((event: never) => void)[]>()

function hear(name: string, event: unknown): void {
  const waiter = waiting.get(name)?.shift()
  if (waiter === undefined) untaken.set(name, [...(untaken.get(name) ?? []), event])
  else waiter(event as never)
}

function read(): Reading {
  const position = companion.position()
  const clock = companion.wallClock?.clock
  if (position === undefined || clock === undefined) throw new Error('expected a position')
  const { wallClockNanos } = position
  // Both of the same moment as the position: a clock that is read again has gone on.
  return { ...position, pageNanos: clock.toRoot(wallClockNanos), dispersionSeconds: clock.dispersionAt(wallClockNanos) }
}

const page: CompanionPage = {
  start(television, encoding) {
    // Often, because on a busy machine few answers are as quick as the tests want.
    companion = new Companion(television, {
      cii: QUICK,
      ts: QUICK,
      wallClock: { encoding, requestIntervalSeconds: 0.2 },
    })
    for (const name of NAMES) companion.on(name, (event) => hear(name, event))
    companion.start()
  },
  stop: () => companion.stop(),
  take(name) {
    const events = untaken.get(name) ?? []
    if (events.length > 0) return Promise.resolve(events.shift() as CompanionEvents[typeof name])
    return new Promise((resolve) => {
      waiting.set(name, [...(waiting.get(name) ?? []), resolve])
    })
  },
  read,
  async readWithin(dispersionSeconds) {
    let reading = read()
    while (reading.dispersionSeconds > dispersionSeconds) {
      await companion.next('adjusted')
      reading = read()
    }
    return reading
  },
  state: () => companion.cii.state,
  wallClockUrl: () => companion.wallClock?.url,
}
Object.assign(globalThis, { page })
