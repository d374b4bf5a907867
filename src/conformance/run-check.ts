import { setTimeout as sleep } from 'node:timers/promises'
import { isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type CheckRequest, CheckUnreachableError, checkRequest } from './check-request.js'
import { statesOf } from './cii-observations.js'
import { CiiProbe } from './cii-probe.js'
import { Connections } from './connections.js'
import { DiscoveryProbe } from './discovery-probe.js'
import type { JsonObject } from './json-values.js'
import { chooseTimeline } from './offered-timeline.js'
import { describeState } from './recorded-socket.js'
import type { CheckReport, EndpointReport } from './report.js'
import { type Judging, judgeAll, type Rule } from './rule.js'
import { RULES } from './rules.js'
import { timelineSeries, wallClockSeries } from './series.js'
import { type EndpointName, type StepId, StepRunner } from './step.js'
import { TsProbe } from './ts-probe.js'
import { offsetNanos } from './wall-clock-observations.js'
import { WallClockProbe } from './wall-clock-probe.js'

/** Seconds for everything that follows the observation: a conforming television needs two, and thirty over a very slow network. */
const TRIAL_SECONDS = 45
/** Seconds for the DNS lookup of the wall clock's host. */
const LOOKUP_SECONDS = 5
const DEFAULT_CONNECTIONS = 2
/** With this many connections, CSS-CII and CSS-TS can be observed at the same time throughout. */
const CONNECTIONS_FOR_BOTH = 3
const OVER_LIMIT = 'the television accepts no further connection beside the one that is open (503)'

/**
 * Observes a television, asks it everything that a companion may ask, then sends it unusual and at last invalid messages, and
 * applies the rules to the observations.
 * @throws InvalidUrlError; CheckUnreachableError if the target cannot be tested at all.
 */
export async function runCheck(request: CheckRequest): Promise<CheckReport> {
  checkRequest(request)
  const check = new Check(request)
  try {
    return await check.run()
  } finally {
    // Open sockets would keep the process alive, also after an error.
    check.close()
  }
}

class Check {
  readonly #request: CheckRequest
  readonly #connections: Connections
  readonly #silenced = new Set<StepId>()
  readonly #runner: StepRunner
  readonly #neededSteps: ReadonlySet<StepId>
  readonly #startedAt = new Date()
  readonly #start = performance.now()
  /** Of CSS-CII or a wall clock. */
  #target: string | undefined
  #discovery: DiscoveryProbe | undefined
  /** Why the target could not be tested. */
  #unreachable: string | undefined
  #cii: CiiProbe | undefined
  #ts: TsProbe | undefined
  /** Or why it cannot be tested. */
  #wc: WallClockProbe | string | undefined
  #tsUrl: string | undefined
  #wcUrl: string | undefined

  constructor(request: CheckRequest) {
    this.#request = request
    this.#connections = new Connections(request.connections ?? DEFAULT_CONNECTIONS)
    this.#target = request.target
    const needed = Object.values(RULES).flatMap((rules: readonly Rule<never>[]) =>
      rules.flatMap(({ id, step }) => (step !== undefined && this.#isSelected(id) ? [step] : [])),
    )
    // The other documents are found through these two.
    this.#neededSteps = new Set([...needed, 'discovery-description', 'discovery-application'])
    this.#runner = new StepRunner((step) => this.#neededSteps.has(step), {
      cii: () => this.#cii?.isAlive() ?? Promise.resolve(true),
      ts: () => this.#ts?.isAlive() ?? Promise.resolve(true),
      discovery: () => this.#discovery?.isAlive() ?? Promise.resolve(true),
      wc: () => (this.#wc instanceof WallClockProbe ? this.#wc.isAlive() : Promise.resolve(true)),
    })
  }

  close(): void {
    this.#connections.closeAll()
    if (this.#wc instanceof WallClockProbe) this.#wc.close()
  }

  async run(): Promise<CheckReport> {
    await this.#discover()
    await this.#observeTarget()
    this.#runner.limit(TRIAL_SECONDS)
    await this.#ask()
    const reports = this.#judge()
    return {
      target: this.#request.target ?? this.#request.descriptionUrl ?? '',
      startedAt: this.#startedAt,
      seconds: (performance.now() - this.#start) / 1000,
      isStrict: this.#request.strict ?? false,
      isIncomplete: this.#runner.hasExpired,
      connections: { max: this.#connections.max, peak: this.#connections.peak },
      endpoints: reports,
      series: {
        wallClock: this.#wc instanceof WallClockProbe ? wallClockSeries(this.#wc.observed) : [],
        timeline: this.#ts === undefined ? [] : timelineSeries(this.#ts.observed),
      },
    }
  }

  /** Asks how the television is found. */
  async #discover(): Promise<void> {
    const { target, descriptionUrl: location, ssdpPort } = this.#request
    if (location === undefined) {
      if (target === undefined) throw new CheckUnreachableError('neither an address nor a device description was given')
      return
    }
    const ciiUrl = isWebSocketUrl(target) ? target : undefined
    const discovery = new DiscoveryProbe({ location, ciiUrl, ssdpPort })
    this.#discovery = discovery
    for (const step of discovery.ordinarySteps()) await this.#runner.run(step)
    if (discovery.searchProblem !== undefined) {
      this.#runner.withdraw('discovery-search', `the search could not be sent: ${discovery.searchProblem}`)
    }
    this.#target ??= discovery.offeredCiiUrl
    const { description } = discovery.observed
    if (this.#target === undefined && description?.status === undefined) {
      throw new CheckUnreachableError(`${location}: ${description?.error ?? 'no response'}`)
    }
  }

  async #observeTarget(): Promise<void> {
    const target = this.#target
    if (target === undefined || !['cii', 'ts', 'wc'].some((endpoint) => this.#isNeeded(endpoint as EndpointName)))
      return
    try {
      await this.#observe(target)
    } catch (error) {
      // How the television is found can be judged nevertheless.
      if (!(error instanceof CheckUnreachableError) || this.#discovery === undefined) throw error
      this.#unreachable = error.message
      this.#cii = undefined
      this.#wc = undefined
    }
  }

  /** Holds connections, and makes ordinary requests. */
  async #observe(target: string): Promise<void> {
    const { seconds } = this.#request
    const start = performance.now()
    const hasCii = parseUdpUrl(target) === undefined
    const cii = hasCii ? await CiiProbe.open(target, this.#connections) : undefined
    this.#cii = cii
    if (cii?.isConnected === false) throw new CheckUnreachableError(`${target}: ${describeState(cii.observed.held)}`)
    const state = this.#state()
    this.#wcUrl = this.#request.wcUrl ?? (hasCii ? urlIn(state, 'wcUrl') : target)
    this.#tsUrl = this.#request.tsUrl ?? urlIn(state, 'tsUrl')
    const wc = this.#isNeeded('wc') || !hasCii ? await openWallClock(this.#wcUrl) : 'no rule of it was selected'
    this.#wc = wc
    if (!hasCii && typeof wc === 'string') throw new CheckUnreachableError(`${this.#wcUrl}: ${wc}`)

    // A television that is silent is not listened to any longer.
    const hasOthers = typeof wc !== 'string' || this.#tsUrl !== undefined
    const end = cii?.isSilent === true && !hasOthers ? start : start + seconds * 1000
    const measured = typeof wc === 'string' ? undefined : wc.observe(Math.max(0.001, (end - performance.now()) / 1000))
    await this.#observeSockets(cii, end)
    await measured
    if (typeof wc !== 'string') this.#runner.took('wc-observation', seconds)
    if (!hasCii && typeof wc !== 'string' && wc.isSilent) {
      throw new CheckUnreachableError(`${this.#wcUrl}: no response to any request`, { isSilent: true })
    }
  }

  async #observeSockets(cii: CiiProbe | undefined, end: number): Promise<void> {
    const isTogether = this.#connections.max >= CONNECTIONS_FOR_BOTH
    if (cii === undefined || isTogether || !isWebSocketUrl(this.#tsUrl)) {
      await this.#openTs(cii)
      await sleepUntil(end)
      if (cii !== undefined) await this.#endCii(cii, true)
      await this.#endTs()
      return
    }
    // With two connections, each endpoint is compared with a second connection while only it is observed.
    await sleepUntil((performance.now() + end) / 2)
    await this.#endCii(cii, false)
    await this.#openTs(cii)
    await sleepUntil(end)
    await cii.release()
    await this.#endTs()
  }

  /** Compares it with a second connection. */
  async #endCii(cii: CiiProbe, isLast: boolean): Promise<void> {
    this.#runner.took('cii-observation', (performance.now() - this.#start) / 1000)
    if (cii.isSilent) this.#runner.skip('cii-second-connection', 'CSS-CII sent nothing')
    else
      await this.#second('cii-second-connection', async () => {
        await cii.openSecond()
        return cii.observed.later?.isOverLimit === true
      })
    if (isLast || this.#connections.max === 1) await cii.release()
  }

  async #openTs(cii: CiiProbe | undefined): Promise<void> {
    const url = this.#tsUrl
    if (!isWebSocketUrl(url) || !this.#isNeeded('ts')) return
    const { selector, ...known } = chooseTimeline(this.#state(), this.#request.selector)
    const request = { url, selector, stem: this.#request.stem ?? '' }
    const ts = await TsProbe.open(request, known, this.#connections)
    this.#ts = ts
    if (!ts.isConnected && ts.observed.held.isOverLimit === true && cii !== undefined) {
      await cii.release()
      this.#ts = await TsProbe.open(request, known, this.#connections)
    }
  }

  async #endTs(): Promise<void> {
    const ts = this.#ts
    if (ts === undefined) return
    this.#runner.took('ts-observation', (performance.now() - this.#start) / 1000)
    if (!ts.isConnected) return this.#runner.skip('ts-second-connection', 'there was no connection')
    if (ts.isSilent) this.#runner.skip('ts-second-connection', 'CSS-TS did not answer setup-data')
    else
      await this.#second('ts-second-connection', async () => {
        await ts.openSecond()
        return ts.observed.last?.record.isOverLimit === true
      })
    await ts.release()
  }

  /** @param open whether the television has no connection left for it */
  async #second(id: StepId, open: () => Promise<boolean>): Promise<void> {
    if (!this.#neededSteps.has(id)) return
    if (this.#connections.max < 2) return this.#runner.skip(id, 'it needs two connections at once')
    const start = performance.now()
    if (await open()) this.#runner.skip(id, OVER_LIMIT)
    else this.#runner.took(id, (performance.now() - start) / 1000)
  }

  /** All polite questions of all protocols come before the first invalid message, which may end the television. */
  async #ask(): Promise<void> {
    const cii = this.#cii
    const ts = this.#ts?.isConnected === true ? this.#ts : undefined
    const wc = this.#wc instanceof WallClockProbe ? this.#wc : undefined
    const { contentId } = this.#state()
    const ordinary = ts === undefined ? [] : ts.ordinarySteps(typeof contentId === 'string' ? contentId : undefined)
    const discovery = this.#discovery?.unusualSteps() ?? []
    const unusual = [
      ...discovery,
      ...(wc?.unusualSteps() ?? []),
      ...(cii?.unusualSteps() ?? []),
      ...(ts?.unusualSteps() ?? []),
    ]
    const rubbish = [...(cii?.rubbishSteps() ?? []), ...(ts?.rubbishSteps() ?? []), ...(wc?.rubbishSteps() ?? [])]
    if (this.#ts !== undefined && ts === undefined) this.#skipAll('ts', 'there was no connection')
    if (cii?.isSilent === true) this.#skipAll('cii', 'CSS-CII sent nothing')
    if (ts?.isSilent === true) this.#skipAll('ts', 'CSS-TS did not answer setup-data')
    if (wc?.isSilent === true) this.#skipAll('wc', 'CSS-WC answered no request')
    else if (wc?.isEchoing === false) {
      for (const id of ['wc-unusual-originates', 'wc-rubbish'] as const) {
        this.#silenced.add(id)
        this.#runner.skip(id, 'responses cannot be told apart, because they do not repeat the originate time')
      }
    }
    if (this.#request.stem !== undefined) {
      for (const id of ['ts-partial-stem', 'ts-no-stem'] as const) this.#runner.skip(id, 'a contentIdStem was given')
    } else if (contentId === undefined) this.#runner.skip('ts-partial-stem', 'CII has no contentId')
    for (const step of rubbish) if (this.#request.garbage === false) this.#runner.skip(step.id, '--no-garbage')
    const steps = [...ordinary, ...unusual, ...(this.#request.garbage === false ? [] : rubbish)]
    for (const step of steps) if (!this.#silenced.has(step.id)) await this.#runner.run(step)
  }

  #skipAll(endpoint: 'cii' | 'ts' | 'wc', reason: string): void {
    for (const { step } of RULES[endpoint] as readonly Rule<never>[]) {
      if (step === undefined || /-(second-connection|observation)$/.test(step)) continue
      this.#silenced.add(step)
      this.#runner.skip(step, reason)
    }
  }

  #judge(): EndpointReport[] {
    const { strict = false } = this.#request
    const target = this.#target ?? ''
    const judging: Judging = {
      isStrict: strict,
      isSelected: (id) => this.#isSelected(id),
      notTried: (step) => this.#runner.notTried(step),
      secondsOf: (step) => this.#runner.secondsOf(step),
    }
    const reports: EndpointReport[] = []
    const wc = this.#wc
    const wallClock = wc instanceof WallClockProbe ? wc.observed : undefined
    if (this.#discovery !== undefined) {
      const observed = { ...this.#discovery.observed, ending: this.#runner.endingOf('discovery') }
      const findings = judgeAll(RULES.discovery, observed, judging)
      reports.push({ endpoint: 'discovery', url: observed.location, findings })
      if (this.#unreachable !== undefined) {
        reports.push({ endpoint: 'cii', url: target, untested: this.#unreachable, findings: [] })
      } else if (this.#target === undefined) {
        const untested = 'the television offers no X_HbbTV_InterDevSyncURL on its own host; give the address of CSS-CII'
        reports.push({ endpoint: 'cii', url: '', untested, findings: [] })
      }
    }
    if (this.#cii !== undefined) {
      const observed = { ...this.#cii.observed, ending: this.#runner.endingOf('cii') }
      reports.push({ endpoint: 'cii', url: target, findings: judgeAll(RULES.cii, observed, judging) })
    }
    if (this.#ts !== undefined) {
      const wallClockOffsetNanos = wallClock && offsetNanos(wallClock)
      const observed = { ...this.#ts.observed, wallClockOffsetNanos, ending: this.#runner.endingOf('ts') }
      reports.push({ endpoint: 'ts', url: observed.url, findings: judgeAll(RULES.ts, observed, judging) })
    } else if (this.#cii !== undefined) {
      const untested = untestedBecause(this.#tsUrl, 'tsUrl', '--ts', 'ws:// or wss://')
      reports.push({ endpoint: 'ts', url: this.#tsUrl ?? '', untested, findings: [] })
    }
    const url = this.#wcUrl ?? ''
    if (wallClock !== undefined) {
      const observed = { ...wallClock, ending: this.#runner.endingOf('wc') }
      reports.push({ endpoint: 'wc', url, findings: judgeAll(RULES.wc, observed, judging) })
    } else if (typeof wc === 'string') reports.push({ endpoint: 'wc', url, untested: wc, findings: [] })
    return reports.filter(({ endpoint }) => this.#isNeeded(endpoint))
  }

  /** Whether a rule of this endpoint is selected. */
  #isNeeded(endpoint: EndpointName): boolean {
    const rules: readonly Rule<never>[] = RULES[endpoint]
    return rules.some(({ id }) => this.#isSelected(id))
  }

  #isSelected(id: string): boolean {
    const { only, skip = [] } = this.#request
    return (only === undefined || only.includes(id)) && !skip.includes(id)
  }

  #state(): JsonObject {
    return (this.#cii && statesOf(this.#cii.observed.held).at(-1)) ?? {}
  }
}

async function sleepUntil(end: number): Promise<void> {
  const wait = end - performance.now()
  if (wait > 0) await sleep(wait)
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

function untestedBecause(url: string | undefined, property: string, option: string, expected: string): string {
  return url === undefined
    ? `no ${property} in CII; pass one with ${option}`
    : `only ${expected} can be tested; received ${url}`
}

function urlIn(state: JsonObject, name: string): string | undefined {
  const value = state[name]
  return typeof value === 'string' ? value : undefined
}
