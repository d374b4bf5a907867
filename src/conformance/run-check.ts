import { setTimeout as sleep } from 'node:timers/promises'
import { DvbcssError, isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type CheckRequest, checkRequest } from './check-request.js'
import { CII_MESSAGE_RULES } from './cii-message-rules.js'
import { type CiiObservations, statesOf } from './cii-observations.js'
import { observeCii, openCii, untriedCii } from './cii-probe.js'
import { CII_PROPERTY_RULES } from './cii-property-rules.js'
import { endpointRules } from './endpoint-rules.js'
import { chooseTimeline } from './offered-timeline.js'
import { describeState } from './recorded-socket.js'
import { CLAUSE_CII, CLAUSE_TS, type Finding, judgeAll, type Rule } from './rule.js'
import { TS_BEHAVIOUR_RULES } from './ts-behaviour-rules.js'
import type { TsObservations } from './ts-observations.js'
import { TsProbe } from './ts-probe.js'
import { TS_TIMESTAMP_RULES } from './ts-timestamp-rules.js'
import type { JsonObject } from './values.js'
import { WALL_CLOCK_GARBAGE_RULES } from './wall-clock-garbage-rules.js'
import { WALL_CLOCK_MESSAGE_RULES } from './wall-clock-message-rules.js'
import { offsetNanos, type WallClockObservations } from './wall-clock-observations.js'
import { WallClockProbe } from './wall-clock-probe.js'
import { WALL_CLOCK_TIME_RULES } from './wall-clock-time-rules.js'

/**
 * Seconds for everything that is tried after the watch: a television in order needs three, one that answers slowly or not
 * at all may need a minute.
 */
const TRIAL_SECONDS = 15
/** Seconds for the look-up of the wall clock's name. */
const LOOKUP_SECONDS = 5

interface Rules {
  readonly cii: readonly Rule<CiiObservations>[]
  readonly ts: readonly Rule<TsObservations>[]
  readonly wc: readonly Rule<WallClockObservations>[]
}

/** The rules, by the endpoint that they are for. */
export const RULES: Rules = {
  cii: [...endpointRules('cii', CLAUSE_CII), ...CII_MESSAGE_RULES, ...CII_PROPERTY_RULES],
  ts: [...endpointRules('ts', CLAUSE_TS), ...TS_BEHAVIOUR_RULES, ...TS_TIMESTAMP_RULES],
  wc: [...WALL_CLOCK_MESSAGE_RULES, ...WALL_CLOCK_TIME_RULES, ...WALL_CLOCK_GARBAGE_RULES],
}

export type EndpointName = keyof Rules

/** What was found on one endpoint. */
export interface EndpointReport {
  readonly endpoint: EndpointName
  readonly url: string
  /** Why there are no findings. */
  readonly untested?: string
  /** Why some rules could not be tried. */
  readonly incomplete?: string
  readonly findings: readonly Finding[]
}

/**
 * Watches a television for so many seconds, provokes it afterwards, and judges what was seen.
 * @throws InvalidUrlError; DvbcssError `DVBCSS_ERR_UNREACHABLE` when the target cannot be reached at all; its message says why.
 */
export async function runCheck(request: CheckRequest): Promise<EndpointReport[]> {
  // What is open keeps the process alive, also when something is thrown on the way.
  const open: { close(): void }[] = []
  try {
    return await watchAndProvoke(request, (opened) => open.push(opened))
  } finally {
    for (const opened of open) opened.close()
  }
}

async function watchAndProvoke(
  request: CheckRequest,
  keep: (opened: { close(): void }) => void,
): Promise<EndpointReport[]> {
  const { target, seconds } = request
  checkRequest(request)
  const hasCii = parseUdpUrl(target) === undefined
  const held = hasCii ? await openCii(target) : undefined
  if (held !== undefined) keep(held)
  if (held !== undefined && held.record.openedNanos === undefined) {
    throw unreachable(`${target}: ${describeState(held.record)}`)
  }
  const state = (held && statesOf(held.record).at(-1)) ?? {}
  const wcUrl = request.wcUrl ?? (hasCii ? urlIn(state, 'wcUrl') : target)
  const tsUrl = request.tsUrl ?? urlIn(state, 'tsUrl')
  const timeline = chooseTimeline(state, request.selector)

  const ts = isWebSocketUrl(tsUrl)
    ? await TsProbe.open({ url: tsUrl, selector: timeline.selector, stem: request.stem ?? '' })
    : undefined
  if (ts !== undefined) keep(ts)
  const wc = await openWallClock(wcUrl)
  if (typeof wc !== 'string') keep(wc)
  const [calm] = await Promise.all([typeof wc === 'string' ? wc : wc.observe(seconds), sleep(seconds * 1000)])
  if (!hasCii && typeof wc === 'string') throw unreachable(`${wcUrl}: ${wc}`)
  if (!hasCii && typeof calm !== 'string' && !hasAnswers(calm)) throw unreachable(`${wcUrl}: no request was answered`)

  const wallClockOffsetNanos = typeof calm === 'string' ? undefined : offsetNanos(calm)
  const known = { ...timeline, wallClockOffsetNanos }
  const deadline = new Deadline(TRIAL_SECONDS)
  const tsObserved = ts && (await deadline.within(ts.observe(known), () => ts.untried(known)))
  const ciiObserved = held && (await deadline.within(observeCii(target, held), () => untriedCii(target, held)))
  // Last, because a television whose wall clock does not withstand it may be gone altogether.
  const wcObserved =
    typeof wc === 'string' || typeof calm === 'string'
      ? undefined
      : await deadline.within(
          wc.provoke().then((provocations) => ({ ...calm, provocations })),
          () => calm,
        )
  deadline.end()

  const reports: EndpointReport[] = []
  if (ciiObserved) {
    const { value, incomplete } = ciiObserved
    reports.push({ endpoint: 'cii', url: target, ...incomplete, findings: judgeAll(RULES.cii, value) })
  }
  if (tsObserved) {
    const { value, incomplete } = tsObserved
    reports.push({ endpoint: 'ts', url: value.url, ...incomplete, findings: judgeAll(RULES.ts, value) })
  } else if (hasCii) {
    const untested = untestedBecause(tsUrl, 'tsUrl', '--ts', 'ws:// or wss://')
    reports.push({ endpoint: 'ts', url: tsUrl ?? '', untested, findings: [] })
  }
  if (wcObserved) {
    const { value, incomplete } = wcObserved
    reports.push({ endpoint: 'wc', url: wcUrl ?? '', ...incomplete, findings: judgeAll(RULES.wc, value) })
  } else if (typeof wc === 'string') reports.push({ endpoint: 'wc', url: wcUrl ?? '', untested: wc, findings: [] })
  return reports
}

/** One time limit for several steps; a step that does not end within it is left, and what was known before is judged. */
class Deadline {
  readonly #seconds: number
  readonly #timer: NodeJS.Timeout
  readonly #expired: Promise<'expired'>

  constructor(seconds: number) {
    this.#seconds = seconds
    let expire: (word: 'expired') => void = () => {}
    this.#expired = new Promise((resolve) => {
      expire = resolve
    })
    this.#timer = setTimeout(() => expire('expired'), seconds * 1000)
  }

  async within<Value>(
    step: Promise<Value>,
    otherwise: () => Value,
  ): Promise<{ value: Value; incomplete?: { incomplete: string } }> {
    const value = await Promise.race([step, this.#expired])
    if (value !== 'expired') return { value: value as Value }
    return { value: otherwise(), incomplete: { incomplete: `not everything was tried within ${this.#seconds} s` } }
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** @returns why not, where there is none to ask. */
async function openWallClock(url: string | undefined): Promise<WallClockProbe | string> {
  const target = url === undefined ? undefined : parseUdpUrl(url)
  if (target === undefined) return untestedBecause(url, 'wcUrl', '--wc', 'udp://host:port')
  try {
    const tooLate = sleep(LOOKUP_SECONDS * 1000, undefined, { ref: false }).then(() => {
      throw unreachable(`${target.host} was not found within ${LOOKUP_SECONDS} s`)
    })
    return await Promise.race([WallClockProbe.open(target.host, target.port), tooLate])
  } catch (error) {
    return (error as Error).message
  }
}

function unreachable(message: string): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_UNREACHABLE', message)
}

function hasAnswers({ exchanges }: WallClockObservations): boolean {
  return exchanges.some(({ replies }) => replies.length > 0)
}

function untestedBecause(url: string | undefined, property: string, option: string, expected: string): string {
  return url === undefined
    ? `CII gives no ${property}; name one with ${option}`
    : `only ${expected} can be checked, got ${url}`
}

function urlIn(state: JsonObject, name: string): string | undefined {
  const value = state[name]
  return typeof value === 'string' ? value : undefined
}
