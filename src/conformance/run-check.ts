import { setTimeout as sleep } from 'node:timers/promises'
import { isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type CheckRequest, CheckUnreachableError, checkRequest } from './check-request.js'
import { CII_MESSAGE_RULES } from './cii-message-rules.js'
import { type CiiObservations, statesOf } from './cii-observations.js'
import { observeCii, openCii, partialCii } from './cii-probe.js'
import { CII_PROPERTY_RULES } from './cii-property-rules.js'
import { endpointRules } from './endpoint-rules.js'
import type { JsonObject } from './json-values.js'
import { chooseTimeline } from './offered-timeline.js'
import { describeState } from './recorded-socket.js'
import { CLAUSE_CII, CLAUSE_TS, type Finding, judgeAll, type Rule } from './rule.js'
import { TS_BEHAVIOUR_RULES } from './ts-behaviour-rules.js'
import type { TsObservations } from './ts-observations.js'
import { TsProbe } from './ts-probe.js'
import { TS_TIMESTAMP_RULES } from './ts-timestamp-rules.js'
import { WALL_CLOCK_GARBAGE_RULES } from './wall-clock-garbage-rules.js'
import { WALL_CLOCK_MESSAGE_RULES } from './wall-clock-message-rules.js'
import { offsetNanos, type WallClockObservations } from './wall-clock-observations.js'
import { WallClockProbe } from './wall-clock-probe.js'
import { WALL_CLOCK_TIME_RULES } from './wall-clock-time-rules.js'

/**
 * Seconds for everything that follows the observation: a conforming television needs three, one that answers slowly or not
 * at all might need a minute.
 */
const TRIAL_SECONDS = 15
/** Seconds for the DNS lookup of the wall clock's host. */
const LOOKUP_SECONDS = 5

interface Rules {
  readonly cii: readonly Rule<CiiObservations>[]
  readonly ts: readonly Rule<TsObservations>[]
  readonly wc: readonly Rule<WallClockObservations>[]
}

/** All rules, by endpoint. */
export const RULES: Rules = {
  cii: [...endpointRules('cii', CLAUSE_CII), ...CII_MESSAGE_RULES, ...CII_PROPERTY_RULES],
  ts: [...endpointRules('ts', CLAUSE_TS), ...TS_BEHAVIOUR_RULES, ...TS_TIMESTAMP_RULES],
  wc: [...WALL_CLOCK_MESSAGE_RULES, ...WALL_CLOCK_TIME_RULES, ...WALL_CLOCK_GARBAGE_RULES],
}

export type EndpointName = keyof Rules

/** The findings on one endpoint. */
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
 * Observes a television for a time, then sends it unusual and invalid messages, and applies the rules to the observations.
 * @throws InvalidUrlError; CheckUnreachableError if the target cannot be tested at all.
 */
export async function runCheck(request: CheckRequest): Promise<EndpointReport[]> {
  // Open sockets would keep the process alive, also after an error.
  const open: { close(): void }[] = []
  try {
    return await observeAndProvoke(request, (opened) => open.push(opened))
  } finally {
    for (const opened of open) opened.close()
  }
}

async function observeAndProvoke(
  request: CheckRequest,
  keep: (opened: { close(): void }) => void,
): Promise<EndpointReport[]> {
  const { target, seconds } = request
  checkRequest(request)
  const hasCii = parseUdpUrl(target) === undefined
  const held = hasCii ? await openCii(target) : undefined
  if (held !== undefined) keep(held)
  if (held !== undefined && held.record.openedNanos === undefined) {
    throw new CheckUnreachableError(`${target}: ${describeState(held.record)}`)
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
  const [observed] = await Promise.all([typeof wc === 'string' ? wc : wc.observe(seconds), sleep(seconds * 1000)])
  if (!hasCii && typeof wc === 'string') throw new CheckUnreachableError(`${wcUrl}: ${wc}`)
  if (!hasCii && typeof observed !== 'string' && !hasAnswers(observed)) {
    throw new CheckUnreachableError(`${wcUrl}: no response to any request`, { isSilent: true })
  }

  const wallClockOffsetNanos = typeof observed === 'string' ? undefined : offsetNanos(observed)
  const known = { ...timeline, wallClockOffsetNanos }
  const deadline = new Deadline(TRIAL_SECONDS)
  const tsObserved = ts && (await deadline.within(ts.observe(known), () => ts.partial(known)))
  const ciiObserved = held && (await deadline.within(observeCii(target, held), () => partialCii(target, held)))
  // Last, because it may crash the whole television.
  const wcObserved =
    typeof wc === 'string' || typeof observed === 'string'
      ? undefined
      : await deadline.within(
          wc.provoke().then((provocations) => ({ ...observed, provocations })),
          () => observed,
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

/** One time limit for several steps. A step that exceeds it is abandoned, and the rules get what was known before. */
class Deadline {
  readonly #seconds: number
  readonly #timer: NodeJS.Timeout
  readonly #expired: Promise<'expired'>

  constructor(seconds: number) {
    this.#seconds = seconds
    let expire: (value: 'expired') => void = () => {}
    this.#expired = new Promise((resolve) => {
      expire = resolve
    })
    this.#timer = setTimeout(() => expire('expired'), seconds * 1000)
  }

  async within<Value>(
    step: Promise<Value>,
    fallback: () => Value,
  ): Promise<{ value: Value; incomplete?: { incomplete: string } }> {
    const value = await Promise.race([step, this.#expired])
    if (value !== 'expired') return { value: value as Value }
    return { value: fallback(), incomplete: { incomplete: `not all rules could be tried within ${this.#seconds} s` } }
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** @returns the reason as text if there is no wall clock to test. */
async function openWallClock(url: string | undefined): Promise<WallClockProbe | string> {
  const target = url === undefined ? undefined : parseUdpUrl(url)
  if (target === undefined) return untestedBecause(url, 'wcUrl', '--wc', 'udp://host:port')
  try {
    const timeout = sleep(LOOKUP_SECONDS * 1000, undefined, { ref: false }).then(() => {
      throw new CheckUnreachableError(`DNS lookup of ${target.host} timed out after ${LOOKUP_SECONDS} s`)
    })
    return await Promise.race([WallClockProbe.open(target.host, target.port), timeout])
  } catch (error) {
    return (error as Error).message
  }
}

function hasAnswers({ exchanges }: WallClockObservations): boolean {
  return exchanges.some(({ replies }) => replies.length > 0)
}

function untestedBecause(url: string | undefined, property: string, option: string, expected: string): string {
  return url === undefined
    ? `no ${property} in CII; pass one with ${option}`
    : `only ${expected} can be tested; received ${url}`
}

function urlIn(state: JsonObject, name: string): string | undefined {
  const value = state[name]
  return typeof value === 'string' ? value : undefined
}
