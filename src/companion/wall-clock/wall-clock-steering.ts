import { type CorrelatedClock, Correlation, NANOS_PER_SECOND, rescale } from '../../clocks/index.js'
import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'
import { AGREEING_ANSWERS_TO_STEP, MAX_EVIDENCE } from './wall-clock-limits.js'

/** How the clock is brought to a new reading without a jump. */
export interface SlewLimits {
  /** By how much the clock may run faster or slower for it, in parts per million. */
  readonly maxRatePpm: number
  /** A larger difference is jumped all the same, in seconds. */
  readonly stepAboveSeconds: number
}

/** What a candidate has done to the clock. */
export interface Steered {
  /** `adjusted`: the clock follows another line; `kept`: it does not; `inconsistent`: the candidate cannot be true if the clock is. */
  readonly kind: 'adjusted' | 'kept' | 'inconsistent'
  /** By how much the clock has jumped, in seconds; 0 for the first answer and while it slews. */
  readonly stepSeconds: number
  /** What is still to be slewed, in seconds. */
  readonly slewSeconds: number
  /** Whether all that was known before was given up: the server's clock is another one. */
  readonly stepped: boolean
}

/** Differences are slewed within this time where the rate allows: about the time between two answers. */
const SLEW_SECONDS = 0.5

/** A rest that no reading shows any more: the bound covers it, and the clock runs beside its line for good. */
const NEGLIGIBLE_SECONDS = 20e-9

const KEPT: Steered = { kind: 'kept', stepSeconds: 0, slewSeconds: 0, stepped: false }
const INCONSISTENT: Steered = { kind: 'inconsistent', stepSeconds: 0, slewSeconds: 0, stepped: false }

/**
 * Sets the clock to what the algorithm makes of the candidates, and states how sure it is.
 *
 * The bound comes from the candidates alone. Whatever line the clock follows, by whatever algorithm, in the middle of a
 * slew or not: it is off by no more than its distance from a candidate and that candidate's own bound, and the least of
 * these sums over the candidates that are kept is stated. From then on it grows by what that candidate's does, and by
 * the speed at which the line and the candidate part, which needs no timer to stay true.
 */
export class WallClockSteering {
  readonly #clock: CorrelatedClock
  readonly #algorithm: CandidateAlgorithm
  readonly #slew: SlewLimits | undefined
  #evidence: Candidate[] = []
  /** The next candidate counts alone: the parent clock stood still since the last. */
  #distrusted = false
  /** Candidates in a row that contradict the clock and agree with each other. */
  #dissenters: Candidate[] = []
  /** Where the algorithm wants the clock. */
  #target: ClockLine | undefined
  #slewEndTicks = Number.POSITIVE_INFINITY

  /** @param slew undefined: differences are jumped. */
  constructor(clock: CorrelatedClock, algorithm: CandidateAlgorithm, slew: SlewLimits | undefined) {
    this.#clock = clock
    this.#algorithm = algorithm
    this.#slew = slew
    this.forget()
  }

  /** Whether the clock follows anything. */
  get isSet(): boolean {
    return this.#evidence.length > 0
  }

  /** When a slew is to be ended by {@link update}, in ticks of the parent; Infinity when there is none. */
  get slewEndTicks(): number {
    return this.#slewEndTicks
  }

  offer(candidate: Candidate, nowTicks: number): Steered {
    if (!this.isSet) {
      this.#evidence = [candidate]
      this.#target = this.#algorithm.add(candidate, nowTicks) ?? candidate
      this.#jump(this.#target, nowTicks)
      return { kind: 'adjusted', stepSeconds: 0, slewSeconds: 0, stepped: false }
    }
    if (this.#distrusted) return this.#beginAgain([candidate], nowTicks, !this.#isConsistent(candidate))
    if (!this.#isConsistent(candidate)) return this.#dissent(candidate, nowTicks)
    this.#dissenters = []
    this.#evidence.push(candidate)
    if (this.#evidence.length > MAX_EVIDENCE) {
      this.#evidence.sort((a, b) => a.errorAt(nowTicks) - b.errorAt(nowTicks)).pop()
    }
    const target = this.#algorithm.add(candidate, nowTicks)
    if (target === undefined) return KEPT
    this.#target = target
    const aheadSeconds = this.#aheadOfClock(target, nowTicks)
    if (this.#slew === undefined || Math.abs(aheadSeconds) > this.#slew.stepAboveSeconds) {
      this.#jump(target, nowTicks)
      return { kind: 'adjusted', stepSeconds: aheadSeconds, slewSeconds: 0, stepped: false }
    }
    this.#slewTo(target, aheadSeconds, nowTicks, this.#slew)
    return { kind: 'adjusted', stepSeconds: 0, slewSeconds: aheadSeconds, stepped: false }
  }

  /** Goes on with a slew, or ends it. */
  update(nowTicks: number): void {
    const target = this.#target
    if (target === undefined || this.#slew === undefined || this.#slewEndTicks === Number.POSITIVE_INFINITY) return
    this.#slewTo(target, this.#aheadOfClock(target, nowTicks), nowTicks, this.#slew)
  }

  /** The parent clock stood still: goes on as it is until the next candidate, and by that one alone from then on. */
  distrust(): void {
    this.#distrusted = this.isSet
  }

  /** Forgets everything: the clock may read anything now. */
  forget(): void {
    this.#distrusted = false
    this.#evidence = []
    this.#dissenters = []
    this.#target = undefined
    this.#slewEndTicks = Number.POSITIVE_INFINITY
    this.#algorithm.reset()
    this.#set(new Correlation({ initialErrorSeconds: Number.MAX_VALUE }), 1)
  }

  /** Whether clock and candidate can both be right, at the candidate's moment. */
  #isConsistent(candidate: Candidate): boolean {
    const { correlation } = this.#clock
    const { parentTicks, childTicks, initialErrorSeconds, errorGrowthRate } = correlation
    const line: ClockLine = { parentTicks, ticks: childTicks, speed: this.#clock.speed }
    const age = Math.abs(candidate.secondsSince(parentTicks))
    const apart = Math.abs(candidate.leadOf(line, candidate.parentTicks))
    return apart <= candidate.errorSeconds + initialErrorSeconds + errorGrowthRate * age
  }

  #dissent(candidate: Candidate, nowTicks: number): Steered {
    const agree = this.#dissenters.every((each) => each.agreesWith(candidate))
    this.#dissenters = agree ? [...this.#dissenters, candidate] : [candidate]
    if (this.#dissenters.length < AGREEING_ANSWERS_TO_STEP) return INCONSISTENT
    return this.#beginAgain(this.#dissenters, nowTicks, true)
  }

  /** Goes by these alone. */
  #beginAgain(candidates: Candidate[], nowTicks: number, stepped: boolean): Steered {
    this.#distrusted = false
    this.#evidence = candidates
    this.#dissenters = []
    this.#algorithm.reset()
    let target: ClockLine | undefined
    for (const each of candidates) target = this.#algorithm.add(each, nowTicks) ?? target ?? each
    if (target === undefined) return KEPT
    this.#target = target
    const stepSeconds = this.#aheadOfClock(target, nowTicks)
    this.#jump(target, nowTicks)
    return { kind: 'adjusted', stepSeconds, slewSeconds: 0, stepped }
  }

  #aheadOfClock(line: ClockLine, nowTicks: number): number {
    return (this.#readingOf(line, nowTicks) - this.#clock.fromParent(nowTicks)) / NANOS_PER_SECOND
  }

  #readingOf(line: ClockLine, nowTicks: number): number {
    const { tickRate } = this.#clock.parent
    return line.ticks + rescale(nowTicks - line.parentTicks, tickRate, NANOS_PER_SECOND) * line.speed
  }

  #jump(target: ClockLine, nowTicks: number): void {
    this.#slewEndTicks = Number.POSITIVE_INFINITY
    this.#follow({ parentTicks: nowTicks, ticks: this.#readingOf(target, nowTicks), speed: target.speed })
  }

  #slewTo(target: ClockLine, aheadSeconds: number, nowTicks: number, { maxRatePpm }: SlewLimits): void {
    const ticks = this.#clock.fromParent(nowTicks)
    if (Math.abs(aheadSeconds) <= NEGLIGIBLE_SECONDS) {
      this.#slewEndTicks = Number.POSITIVE_INFINITY
      this.#follow({ parentTicks: nowTicks, ticks, speed: target.speed })
      return
    }
    const limit = maxRatePpm / 1e6
    const rate = Math.min(Math.max(aheadSeconds / SLEW_SECONDS, -limit), limit)
    // A timer that is late lets the clock run past its line, and the next slew brings it back: it never jumps.
    this.#slewEndTicks = nowTicks + (aheadSeconds / rate) * this.#clock.parent.tickRate
    this.#follow({ parentTicks: nowTicks, ticks, speed: target.speed + rate })
  }

  /** Sets the clock to a line that begins now, with the bound that the candidates give it. */
  #follow({ parentTicks, ticks, speed }: ClockLine): void {
    // By how much the line may be ahead of the server's clock, and behind it.
    let ahead = Number.POSITIVE_INFINITY
    let behind = Number.POSITIVE_INFINITY
    let aheadGrowth = 0
    let behindGrowth = 0
    for (const candidate of this.#evidence) {
      const lead = candidate.leadOf({ parentTicks, ticks, speed }, parentTicks)
      const error = candidate.errorAt(parentTicks)
      if (lead + error < ahead) {
        ahead = lead + error
        aheadGrowth = candidate.errorGrowthRate
      }
      if (error - lead < behind) {
        behind = error - lead
        behindGrowth = candidate.errorGrowthRate
      }
    }
    const initialErrorSeconds = Math.max(ahead, behind, 0)
    const errorGrowthRate = Math.max(aheadGrowth, behindGrowth) + Math.abs(speed - 1)
    this.#set(new Correlation({ parentTicks, childTicks: ticks, initialErrorSeconds, errorGrowthRate }), speed)
  }

  #set(correlation: Correlation, speed: number): void {
    try {
      this.#clock.setCorrelationAndSpeed(correlation, speed)
    } catch (error) {
      // A listener threw, after all were told: the clock is set. It must not end the client's work.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
