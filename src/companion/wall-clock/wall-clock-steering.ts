import { type CorrelatedClock, Correlation, NANOS_PER_SECOND, rescale } from '../../clocks/index.js'
import { undisturbed } from '../../events/index.js'
import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'
import { AGREEING_ANSWERS_TO_STEP, MAX_EVIDENCE } from './wall-clock-limits.js'

/** Limits of slewing the clock to a new reading. */
export interface SlewLimits {
  /** Maximum rate change while slewing, in parts per million. */
  readonly maxRatePpm: number
  /** Larger differences are corrected by a jump, in seconds. */
  readonly stepAboveSeconds: number
}

/** The effect of a candidate on the clock. */
export interface Steered {
  /** `adjusted`: the clock follows a new line; `kept`: the line is unchanged; `inconsistent`: the candidate contradicts the clock. */
  readonly kind: 'adjusted' | 'kept' | 'inconsistent'
  /** Size of the jump, in seconds; 0 for the first answer and for a slew. */
  readonly stepSeconds: number
  /** Offset that is being slewed, in seconds. */
  readonly slewSeconds: number
  /** Whether all earlier candidates were discarded, because the server's clock is another one. */
  readonly stepped: boolean
}

/** Target duration of a slew, if the maximum rate permits: about the time between two answers. */
const SLEW_SECONDS = 0.5

/** Residual offset below which a slew ends. No reading shows it, and the error bound covers it. */
const NEGLIGIBLE_SECONDS = 20e-9

const KEPT: Steered = { kind: 'kept', stepSeconds: 0, slewSeconds: 0, stepped: false }
const INCONSISTENT: Steered = { kind: 'inconsistent', stepSeconds: 0, slewSeconds: 0, stepped: false }

/**
 * Sets the clock to the line that the algorithm derives from the candidates, and computes its error bound.
 *
 * The bound depends on the candidates alone. Whichever line the clock follows, its error is at most its distance from a candidate plus
 * that candidate's own error bound. The bound is the smallest of these sums over the kept candidates. It grows with the candidate's
 * error bound and with the difference in speed between the line and the candidate, so it remains valid without a timer.
 */
export class WallClockSteering {
  readonly #clock: CorrelatedClock
  readonly #algorithm: CandidateAlgorithm
  readonly #slew: SlewLimits | undefined
  #evidence: Candidate[] = []
  /** The parent clock has stopped since the last candidate, so the next one replaces all others. */
  #distrusted = false
  /** Consecutive candidates that contradict the clock and agree with each other. */
  #dissenters: Candidate[] = []
  /** The line that the algorithm has computed. */
  #target: ClockLine | undefined
  #slewEndTicks = Number.POSITIVE_INFINITY

  /** @param slew undefined: the clock jumps. */
  constructor(clock: CorrelatedClock, algorithm: CandidateAlgorithm, slew: SlewLimits | undefined) {
    this.#clock = clock
    this.#algorithm = algorithm
    this.#slew = slew
    this.forget()
  }

  /** Whether the clock is set by at least one candidate. */
  get isSet(): boolean {
    return this.#evidence.length > 0
  }

  /** When {@link update} must be called to end a slew, in ticks of the parent; Infinity if there is none. */
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

  /** Continues or ends a slew. */
  update(nowTicks: number): void {
    const target = this.#target
    if (target === undefined || this.#slew === undefined || this.#slewEndTicks === Number.POSITIVE_INFINITY) return
    this.#slewTo(target, this.#aheadOfClock(target, nowTicks), nowTicks, this.#slew)
  }

  /** The parent clock has stopped: the clock continues unchanged until the next candidate, which replaces all earlier ones. */
  distrust(): void {
    this.#distrusted = this.isSet
  }

  /** Discards all candidates. The clock's reading is then arbitrary. */
  forget(): void {
    this.#distrusted = false
    this.#evidence = []
    this.#dissenters = []
    this.#target = undefined
    this.#slewEndTicks = Number.POSITIVE_INFINITY
    this.#algorithm.reset()
    this.#set(new Correlation({ initialErrorSeconds: Number.MAX_VALUE }), 1)
  }

  /** Whether the error intervals of the clock and the candidate overlap at the candidate's moment. */
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

  /** Replaces all candidates by these. */
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
    // If the timer is late, the clock overshoots its line and the next slew corrects it. It never jumps.
    this.#slewEndTicks = nowTicks + (aheadSeconds / rate) * this.#clock.parent.tickRate
    this.#follow({ parentTicks: nowTicks, ticks, speed: target.speed + rate })
  }

  /** Sets the clock to a line from now on, with the error bound derived from the candidates. */
  #follow({ parentTicks, ticks, speed }: ClockLine): void {
    // Bounds of how far the line may be ahead of the server's clock, and behind it.
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
    undisturbed(() => this.#clock.setCorrelationAndSpeed(correlation, speed))
  }
}
