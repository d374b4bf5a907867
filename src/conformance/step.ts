import { setTimeout as sleep } from 'node:timers/promises'

/** The parts of a television that are checked, in the order of the report. */
export type EndpointName = 'discovery' | 'cii' | 'ts' | 'wc'

/** What the check does, by the observations that it makes. */
export type StepId =
  | 'discovery-search'
  | 'discovery-description'
  | 'discovery-application'
  | 'discovery-other-application'
  | 'discovery-foreign-origin'
  | 'cii-observation'
  | 'cii-second-connection'
  | 'cii-plain-get'
  | 'cii-unknown-version'
  | 'cii-rubbish'
  | 'ts-observation'
  | 'ts-second-connection'
  | 'ts-unknown-selector'
  | 'ts-other-stem'
  | 'ts-partial-stem'
  | 'ts-presentation-timestamps'
  | 'ts-no-stem'
  | 'ts-plain-get'
  | 'ts-unknown-version'
  | 'ts-rubbish-before-setup'
  | 'ts-rubbish-after-setup'
  | 'wc-observation'
  | 'wc-unusual-originates'
  | 'wc-filled-requests'
  | 'wc-rubbish'

/** One question to a television. Several steps may have the same id: then they add to the same observations. */
export interface Step {
  readonly id: StepId
  /** As in `the television ended after …`. */
  readonly name: string
  run(): Promise<void>
}

/** How a television stopped working. */
export interface Ending {
  /** The last thing that it was sent. */
  readonly after: string
  readonly step: StepId
}

/** Looks whether an endpoint still works. */
export type AliveProbe = () => Promise<boolean>

/** Before a second look at an endpoint that did not answer: it may be restarting a part of itself. */
const LOOK_AGAIN_MILLIS = 700

/**
 * Runs steps in order, each within the time that is left, and looks after each whether the endpoint still works. After a step that
 * ends it, further steps on it are not tried.
 */
export class StepRunner {
  readonly #isNeeded: (step: StepId) => boolean
  readonly #alive: Partial<Record<EndpointName, AliveProbe>>
  readonly #seconds = new Map<StepId, number>()
  readonly #notTried = new Map<StepId, string>()
  readonly #down = new Map<EndpointName, Ending>()
  /** The endpoints that were caused to end by a step on themselves. */
  readonly #charged = new Map<EndpointName, Ending>()
  /** How many endpoints had ended at the last look at each. */
  readonly #looked = new Map<EndpointName, number>()
  #deadline = Number.POSITIVE_INFINITY
  #limitSeconds = 0
  #hasExpired = false

  constructor(isNeeded: (step: StepId) => boolean, alive: Partial<Record<EndpointName, AliveProbe>>) {
    this.#isNeeded = isNeeded
    this.#alive = alive
  }

  /** Whether steps were left out or abandoned because the time was up. */
  get hasExpired(): boolean {
    return this.#hasExpired
  }

  /** From now on. */
  limit(seconds: number): void {
    this.#limitSeconds = seconds
    this.#deadline = performance.now() + seconds * 1000
  }

  /** Adds to how long the observations of a step took. */
  took(step: StepId, seconds: number): void {
    this.#seconds.set(step, this.secondsOf(step) + seconds)
  }

  secondsOf(step: StepId): number {
    return this.#seconds.get(step) ?? 0
  }

  /** Marks a step that cannot be tried. */
  skip(step: StepId, reason: string): void {
    if (!this.#notTried.has(step)) this.#notTried.set(step, reason)
  }

  /** Marks a step whose observations are of no use. */
  withdraw(step: StepId, reason: string): void {
    this.#seconds.delete(step)
    this.skip(step, reason)
  }

  /** Why a step has made no observations, or none that can be judged. */
  notTried(step: StepId): string | undefined {
    if (this.#seconds.has(step)) {
      const [ending] = [...this.#charged.values()].filter((each) => each.step === step && !/rubbish/.test(step))
      return ending && `the television ended after ${ending.after}`
    }
    return this.#notTried.get(step) ?? 'it does not apply'
  }

  /** What this endpoint has not survived, as far as it is known: something that it was sent itself, or another endpoint. */
  endingOf(endpoint: EndpointName): Ending | undefined {
    return this.#down.get(endpoint)
  }

  async run(step: Step): Promise<void> {
    const { id } = step
    if (!this.#isNeeded(id)) return
    const endpoint = endpointOf(id)
    await this.#lookIfOthersEnded(endpoint)
    const ending = this.#down.get(endpoint)
    const left = this.#deadline - performance.now()
    if (ending !== undefined) return this.skip(id, `the television ended after ${ending.after}`)
    if (left <= 0) {
      this.#hasExpired = true
      return this.skip(id, `the time limit of ${this.#limitSeconds} s was reached`)
    }
    const start = performance.now()
    const abort = new AbortController()
    const expired = Number.isFinite(left)
      ? sleep(left, 'expired', { signal: abort.signal }).catch(() => 'done')
      : new Promise<string>(() => {})
    const result = await Promise.race([step.run(), expired])
    abort.abort()
    if (result === 'expired') {
      this.#hasExpired = true
      // Timers may fire a little early.
      this.#deadline = 0
      return this.skip(id, `the time limit of ${this.#limitSeconds} s was reached`)
    }
    this.took(id, (performance.now() - start) / 1000)
    if (!(await this.#isAlive(endpoint))) {
      const ended = { after: step.name, step: id }
      this.#down.set(endpoint, ended)
      this.#charged.set(endpoint, ended)
    }
    this.#looked.set(endpoint, this.#down.size)
  }

  /** The other endpoints are often in the same process. */
  async #lookIfOthersEnded(endpoint: EndpointName): Promise<void> {
    if (this.#down.has(endpoint) || this.#down.size === (this.#looked.get(endpoint) ?? 0)) return
    this.#looked.set(endpoint, this.#down.size)
    const last = [...this.#down.values()].at(-1)
    if (last !== undefined && !(await this.#isAlive(endpoint))) this.#down.set(endpoint, last)
  }

  async #isAlive(endpoint: EndpointName): Promise<boolean> {
    const probe = this.#alive[endpoint]
    if (probe === undefined || (await probe())) return true
    await sleep(LOOK_AGAIN_MILLIS)
    return probe()
  }
}

/** The endpoint that a step is about. */
export function endpointOf(step: StepId): EndpointName {
  return step.slice(0, step.indexOf('-')) as EndpointName
}
