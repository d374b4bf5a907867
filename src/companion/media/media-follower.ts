import { DoublingWait } from '../../clocks/index.js'
import { Emitter } from '../../events/index.js'
import type { MediaFollowerEvents, MediaFollowerState, MediaFollowerStatus } from './media-follower-events.js'
import {
  checkMediaCorrelation,
  checkMediaFollowerOptions,
  checkRenderingLatencySeconds,
  type MediaFollowerOptions,
} from './media-follower-options.js'
import { SLOW_TIMER_SECONDS } from './playback-constants.js'
import { PlaybackControls } from './playback-controls.js'
import { checkMedia, durationOf, type FollowedMedia, isTick, onMediaEvent, positionOf } from './playback-media.js'
import { PlaybackReports } from './playback-reports.js'
import { PlaybackSteering } from './playback-steering.js'
import {
  type ClockHolder,
  checkSource,
  clockOf,
  type FollowedClock,
  inLoop,
  type MediaCorrelation,
  type PlaybackTarget,
  playbackTarget,
} from './playback-target.js'
import { onVisibility, PlaybackTimers } from './playback-timers.js'

const SHORTEST_POLL_SECONDS = 0.005

/** Maximum delay of a timer; a longer one fires immediately. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1

/** Maximum wait between polls of a player that throws at every poll. */
const LONGEST_RETRY_SECONDS = 30

/**
 * The fractional parts of the squared poll numbers times this are evenly spread. They keep polls from falling into step with a player
 * that updates its position in steps.
 */
const GOLDEN_RATIO = 0.618_033_988_75

/** In these states the media presents the content, well or badly. */
const PRESENTING: ReadonlySet<MediaFollowerState> = new Set(['locked', 'limited', 'adjusting', 'paused', 'stepping'])

/**
 * Keeps a media element on a timeline: seeks when it is far off, adjusts its rate slightly (a bend) when it is near, and pauses with the
 * timeline. From `start()` to `stop()` it controls position, rate and pause of the media, and reverts changes by the user.
 *
 * Errors that the media throws are emitted as 'failure', and polling continues. All methods can be called from any listener.
 */
export class MediaFollower extends Emitter<MediaFollowerEvents> {
  readonly #media: FollowedMedia
  readonly #source: FollowedClock | ClockHolder
  readonly #options: Required<MediaFollowerOptions>
  readonly #controls: PlaybackControls
  readonly #steering: PlaybackSteering
  readonly #reports: PlaybackReports
  readonly #timers = new PlaybackTimers()
  #correlation: MediaCorrelation
  #renderingLatencySeconds: number
  #state: MediaFollowerState = 'stopped'
  #polls = 0
  #seeks = 0
  #rateChanges = 0
  #holds = 0
  #failures = 0
  readonly #retryWait: DoublingWait
  /** Counts starts and stops, to abandon work that began before the last one. */
  #run = 0
  #runLookedAt = 0
  #looking = false
  #emitting = 0
  #clock: FollowedClock | undefined
  #forgetClock: (() => void) | undefined
  #forgetMedia: (() => void) | undefined
  #presentation: ReturnType<NonNullable<ClockHolder['present']>> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #lookIsNear = false

  /**
   * @param source the timeline's clock, for example of a TsClient; or an object with a `clock`, which is read at every poll
   * @throws InvalidOptionError, UnknownOptionError
   */
  constructor(media: FollowedMedia, source: FollowedClock | ClockHolder, options: MediaFollowerOptions = {}) {
    super()
    this.#media = checkMedia(media)
    this.#source = checkSource(source)
    this.#options = checkMediaFollowerOptions(options)
    const { pollSeconds } = this.#options
    this.#retryWait = new DoublingWait(pollSeconds, Math.max(pollSeconds, LONGEST_RETRY_SECONDS))
    this.#correlation = this.#options.correlation
    this.#renderingLatencySeconds = this.#options.renderingLatencySeconds
    this.#controls = new PlaybackControls(media, this.#options, ({ error, kind }) => {
      if (kind === 'unsupported') this.emit('unsupported', { error })
      else this.emit('blocked', { error, willRetry: kind !== 'gesture' })
      this.#lookSoon()
    })
    this.#reports = new PlaybackReports({
      seek: (event) => {
        this.#seeks++
        this.emit('seek', event)
      },
      rate: (event) => {
        this.#rateChanges++
        this.emit('rate', event)
      },
      hold: (event) => {
        this.#holds++
        this.emit('hold', event)
      },
      limit: (event) => this.emit('limit', event),
    })
    this.#steering = new PlaybackSteering(media, this.#controls, this.#options, this.#reports, this.#timers)
  }

  /** A moment of the content and its position in the media. A new value takes effect immediately. */
  get correlation(): MediaCorrelation {
    return this.#correlation
  }

  /** @throws InvalidOptionError, UnknownOptionError */
  set correlation(value: MediaCorrelation) {
    this.#correlation = checkMediaCorrelation(value)
    this.#lookSoon()
  }

  /** Output latency of the media in seconds: currentTime is kept ahead of the timeline by this. A new value takes effect immediately. */
  get renderingLatencySeconds(): number {
    return this.#renderingLatencySeconds
  }

  /** @throws InvalidOptionError */
  set renderingLatencySeconds(value: number) {
    this.#renderingLatencySeconds = checkRenderingLatencySeconds(value)
    this.#lookSoon()
  }

  /** Starts following. @throws what the media's addEventListener throws; the follower is then not started */
  start(): void {
    if (this.#forgetMedia !== undefined) return
    const forgetMedia = onMediaEvent(this.#media, (type) => {
      // A media event replaces a late poll, as in a hidden tab; it does not make polls more frequent.
      if (isTick(type)) {
        const now = performance.now() / 1000
        this.#timers.ticked(now)
        if (!this.#timers.isOverdue(now)) return
      }
      if (type === 'loadedmetadata') {
        this.#controls.loadedAnew()
        this.#steering.loadedAnew()
      }
      this.#lookSoon()
    })
    const forgetVisibility = onVisibility((isHidden) => {
      this.#timers.isHidden = isHidden
      this.#lookSoon()
    })
    this.#forgetMedia = () => {
      forgetVisibility()
      forgetMedia()
    }
    this.#run++
    this.#seeks = 0
    this.#rateChanges = 0
    this.#holds = 0
    this.#failures = 0
    this.#retryWait.reset()
    this.#steering.reset()
    if ('present' in this.#source) this.#presentation = this.#source.present?.(() => this.#presentedAhead())
    // In a listener, a poll may be in progress; and a listener that restarts the follower whenever it stops must not recurse.
    if (this.#looking || this.#emitting > 0) this.#lookIn(0)
    else this.#look()
  }

  /** Releases the media, which stays paused or playing, at the speed of the timeline. */
  stop(): void {
    if (this.#forgetMedia === undefined) return
    const forgetMedia = this.#forgetMedia
    this.#forgetMedia = undefined
    this.#run++
    clearTimeout(this.#timer)
    this.#timers.forget()
    attempt(forgetMedia)
    attempt(() => this.#presentation?.end())
    this.#presentation = undefined
    attempt(() => this.#forgetClock?.())
    this.#forgetClock = undefined
    this.#clock = undefined
    // A listener of 'rate' may start the follower again here. It polls later, so this still ends the previous run.
    attempt(() => this.#steering.ease(performance.now() / 1000))
    this.#controls.letGo()
    this.#steering.forget()
    this.#enter('stopped')
  }

  /** Retries play() immediately. To be called from a user gesture after 'blocked'. */
  retryPlay(): void {
    this.#controls.unblock()
    if (this.#looking) this.#lookSoon()
    else this.#look()
  }

  /** A snapshot of the state, the error, the detected limitations and the counters. */
  status(): MediaFollowerStatus {
    const target = attempt(() => this.#target(clockOf(this.#source)))
    return {
      state: this.#state,
      reach: this.#steering.reach,
      limits: this.#reports.limits,
      errorSeconds: this.#steering.errorSeconds,
      targetSeconds: target?.seconds,
      mediaSeconds: attempt(() => positionOf(this.#media)),
      speed: target?.speed,
      rate: this.#controls.rate,
      bend: this.#steering.bend,
      dispersionSeconds: target?.dispersionSeconds,
      seekLeadSeconds: this.#steering.seekLeadSeconds,
      seeks: this.#seeks,
      rateChanges: this.#rateChanges,
      holds: this.#holds,
      failures: this.#failures,
    }
  }

  protected override emit<Name extends keyof MediaFollowerEvents>(name: Name, event: MediaFollowerEvents[Name]): void {
    this.#emitting++
    try {
      super.emit(name, event)
    } finally {
      this.#emitting--
    }
  }

  #target(clock: FollowedClock | undefined): PlaybackTarget | undefined {
    const target = playbackTarget(clock, this.#correlation, this.#renderingLatencySeconds)
    const loops = this.#options.loop === 'auto' ? this.#media.loop === true : this.#options.loop
    return target !== undefined && loops ? inLoop(target, durationOf(this.#media)) : target
  }

  /** Undefined while nothing is presented. */
  #presentedAhead(): number | undefined {
    return PRESENTING.has(this.#state) ? this.#steering.errorSeconds : undefined
  }

  /** Polls after the current call: clocks report changes from inside their setters. */
  #lookSoon(): void {
    if (this.#lookIsNear || this.#forgetMedia === undefined) return
    this.#lookIsNear = true
    queueMicrotask(() => {
      this.#lookIsNear = false
      this.#look()
    })
  }

  #lookIn(seconds: number): void {
    clearTimeout(this.#timer)
    const millis = Math.min(Math.max(seconds, SHORTEST_POLL_SECONDS) * 1000, LONGEST_TIMER_MILLIS)
    this.#timers.due((performance.now() + millis) / 1000)
    this.#timer = setTimeout(() => this.#look(), millis)
  }

  #look(): void {
    if (this.#forgetMedia === undefined || this.#looking) return
    const run = this.#run
    const now = performance.now() / 1000
    this.#timers.looked(now)
    let delaySeconds = this.#options.pollSeconds
    this.#looking = true
    try {
      delaySeconds = this.#lookOnce(run, now)
    } catch (error) {
      if (run === this.#run) delaySeconds = this.#fail(error, run, now)
    } finally {
      this.#looking = false
      // A listener may have stopped or restarted the follower.
      if (run === this.#run) this.#lookIn(delaySeconds)
    }
  }

  /** @returns seconds until the next poll */
  #lookOnce(run: number, now: number): number {
    if (this.#runLookedAt !== run) {
      this.#runLookedAt = run
      this.#steering.reset()
      this.#controls.take()
    }
    this.#watchClock()
    const target = this.#target(this.#clock)
    if (this.#timers.latenessSeconds > SLOW_TIMER_SECONDS) this.#reports.limit('timers-slow')
    else this.#reports.limitGone('timers-slow')
    const state = this.#steering.follow(now, target)
    const dueSeconds = this.#steering.dueInSeconds(now, target)
    if (run === this.#run) {
      this.#retryWait.reset()
      this.#enter(state)
    }
    this.#polls = (this.#polls + 1) % 1000
    const spread = 0.6 + 0.8 * ((this.#polls ** 2 * GOLDEN_RATIO) % 1)
    return Math.min(this.#options.pollSeconds * spread, dueSeconds)
  }

  /** @returns seconds until the next poll */
  #fail(error: unknown, run: number, now: number): number {
    const retryInSeconds = this.#retryWait.next()
    this.#failures++
    // Only the first error is reported.
    attempt(() => this.#steering.ease(now))
    if (run === this.#run) this.#enter('failing')
    if (run === this.#run) this.emit('failure', { error, failures: this.#failures, retryInSeconds })
    return retryInSeconds
  }

  #watchClock(): void {
    const clock = clockOf(this.#source)
    if (clock === this.#clock) return
    this.#forgetClock?.()
    this.#forgetClock = undefined
    this.#clock = clock
    this.#forgetClock = clock?.on('change', () => this.#lookSoon())
  }

  #enter(state: MediaFollowerState): void {
    const previous = this.#state
    if (state === previous) return
    this.#state = state
    attempt(() => this.#presentation?.changed())
    this.emit('status', { ...this.status(), previous })
  }
}

/** Calls a function and ignores its errors, for best-effort operations. */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
