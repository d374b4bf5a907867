import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Companion } from '../../../companion/index.js'
import { MediaFollower, type MediaFollowerStatus } from '../../../companion/media/index.js'
import { type Action, type Programme, sourcesOf, type TelevisionState } from '../../protocol/index.js'
import { companionOf, type LiveConnection, onMediaFailure, setSources } from '../shared/index.js'
import { HIGHEST_RATE, PlaybackReporter } from './playback-reporter.js'
import { Sound, type SoundState } from './sound.js'

/**
 * - `alone`: there is no connection to the television, and the element plays by itself
 * - `following`: another page drives, and this one shows the same
 * - `aligning`: this page is about to drive, and brings its element to where the television is
 * - `driving`: what the element does is the timeline
 */
export type PictureMode = 'alone' | 'following' | 'aligning' | 'driving'

const TOLERANCE_SECONDS = 0.02
/** A hand-over from so near is not seen, and what remains is not worth the wait. */
const NEAR_SECONDS = 0.035
/** A follower that does not get nearer by then will not: the television then takes the position of the element. */
const LONGEST_ALIGNMENT_SECONDS = 8
/** A picture that is farther from the television after a switch was not what the television has restarted. */
const RESTARTED_SECONDS = 0.5
/** A clock that is missing for so long is worth a notice; at the start its first answer is on its way. */
const CLOCK_GRACE_SECONDS = 3
/** How long it has to be in step before it drives. */
const ALIGNED_SECONDS = 0.4
const CHECK_MILLIS = 100
const LOWEST_RATE = 0.1
const RATE_NOTICE_MILLIS = 6000

/** The media element of the page and its part in the television. */
export class Picture {
  readonly media: HTMLVideoElement
  readonly #live: LiveConnection
  readonly #mode = signal<PictureMode>('alone')
  readonly #sound: Sound
  readonly #failure = signal<string | undefined>(undefined)
  readonly #programme = signal<Programme | undefined>(undefined)
  readonly #hasClock = signal(true)
  readonly #isRateLimited = signal(false)
  /** Whether the television was between two contents at the last update. */
  #wasSwitching = false
  /** Whether the connection was lost and has not come back. */
  #wasLost = false
  #companion: Companion | undefined
  #follower: MediaFollower | undefined
  #reporter: PlaybackReporter | undefined
  #alignedSince: number | undefined
  #aligningSince = 0
  #clockSeenAt = 0
  #rateNotice: ReturnType<typeof setTimeout> | undefined

  constructor(media: HTMLVideoElement, live: LiveConnection) {
    this.media = media
    this.#live = live
    this.#sound = new Sound(media)
    media.loop = true
    media.playsInline = true
    live.onAction = (action) => this.#act(action)
    onMediaFailure(media, (detail) => {
      const programme = this.#programme.value
      this.#failure.value = detail
      if (programme !== undefined) live.send({ type: 'media-failed', programme: programme.id, detail })
    })
    media.addEventListener('loadedmetadata', () => {
      this.#failure.value = undefined
    })
    media.addEventListener('ratechange', () => {
      if (this.#mode.peek() === 'driving' && media.playbackRate > HIGHEST_RATE) this.setRate(media.playbackRate)
    })
    effect(() => this.#update())
    setInterval(() => this.#checkAlignment(), CHECK_MILLIS)
  }

  get mode(): ReadonlySignal<PictureMode> {
    return this.#mode
  }

  get sound(): ReadonlySignal<SoundState> {
    return this.#sound.state
  }

  /** Why the programme cannot be played; undefined if it can. */
  get failure(): ReadonlySignal<string | undefined> {
    return this.#failure
  }

  get programme(): ReadonlySignal<Programme | undefined> {
    return this.#programme
  }

  /** Whether the wall clock of the television is known, without which nothing can be reported. */
  get hasClock(): ReadonlySignal<boolean> {
    return this.#hasClock
  }

  /** Whether a higher rate was wanted a moment ago than browsers play well. */
  get isRateLimited(): ReadonlySignal<boolean> {
    return this.#isRateLimited
  }

  /** Whether the viewer moves this picture, and not another page. */
  get isMovable(): boolean {
    return this.#mode.value !== 'following'
  }

  /** The speed to show: while the element is brought into step, its own differs a little. */
  get speed(): number {
    const { playbackRate } = this.media
    const isOwn = this.#mode.value === 'driving' || this.#mode.value === 'alone'
    return isOwn ? playbackRate : this.#live.sections.value.state?.speed || playbackRate
  }

  /** Plays with sound: called by a gesture of the user, after which browsers allow it. */
  allowSound(): void {
    if (!this.#sound.allow()) return
    if (this.#follower === undefined) void this.#play()
    else this.#follower.retryPlay()
  }

  /** Asks the television to let this page drive. */
  drive(): void {
    this.#live.send({ type: 'drive' })
  }

  togglePlay(): void {
    this.#takeOver()
    if (this.media.paused) void this.#play()
    else this.media.pause()
  }

  seekTo(seconds: number): void {
    this.#takeOver()
    const { duration } = this.media
    const end = Number.isFinite(duration) ? duration : Number.POSITIVE_INFINITY
    this.media.currentTime = Math.min(Math.max(seconds, 0), Math.max(end - 0.05, 0))
  }

  setRate(rate: number): void {
    this.#takeOver()
    this.media.playbackRate = Math.min(Math.max(rate, LOWEST_RATE), HIGHEST_RATE)
    if (rate <= HIGHEST_RATE) return
    clearTimeout(this.#rateNotice)
    this.#isRateLimited.value = true
    this.#rateNotice = setTimeout(() => {
      this.#isRateLimited.value = false
    }, RATE_NOTICE_MILLIS)
  }

  /** A viewer who moves the picture need not wait until it is in step. */
  #takeOver(): void {
    if (this.#mode.peek() === 'aligning' && this.#programme.peek() !== undefined) this.#enter('driving')
  }

  /** Called whenever the connection, the state or the seat has changed. */
  #update(): void {
    const { setting, state, programmes, seat } = this.#live.sections.value
    const isConnected = this.#live.status.value === 'connected'
    if (setting !== undefined && this.#companion === undefined) {
      // It is the television, and not one of its companions.
      this.#companion = companionOf(setting, { presentationTimestamps: false })
      this.#companion.start()
    }
    const programme = programmes?.find(({ id }) => id === state?.programme)
    const isOther = programme?.id !== this.#programme.peek()?.id
    const isSwitching = state?.presentationStatus[0] === 'transitioning'
    const hasSwitched = this.#wasSwitching && !isSwitching
    this.#wasSwitching = isSwitching
    this.#programme.value = programme
    if (isOther) this.#load(programme)
    if (!isConnected || seat === undefined) this.#enter('alone')
    else if (!seat.drives) this.#enter('following')
    else if (this.#mode.peek() !== 'driving') this.#enter('aligning')
    else if (programme !== undefined && isOther) this.#reporter?.start(programme.id)
    if (state !== undefined && hasSwitched && this.#mode.peek() === 'driving') this.#begin(state)
  }

  /** The television has switched, maybe to the beginning of the same programme: the picture begins with it. */
  #begin({ positionSeconds, speed }: TelevisionState): void {
    if (Math.abs(this.media.currentTime - positionSeconds) > RESTARTED_SECONDS) this.seekTo(positionSeconds)
    if (speed !== 0) void this.#play()
  }

  #load(programme: Programme | undefined): void {
    this.#failure.value = undefined
    setSources(this.media, programme === undefined ? [] : sourcesOf(programme))
    // While aligning or following, the follower plays. While the television switches, the picture waits for it.
    if (this.#mode.peek() === 'driving' && programme !== undefined && !this.#wasSwitching) void this.#play()
  }

  #enter(mode: PictureMode): void {
    if (mode === this.#mode.peek()) return
    this.#mode.value = mode
    if (mode !== 'alone' && this.#wasLost) this.#reconnected()
    this.#reporter?.stop()
    if (mode === 'alone') {
      // It plays on, so that the viewer sees no difference.
      this.#wasLost = true
      this.#follower?.stop()
      this.#follower = undefined
    } else if (mode === 'driving') {
      this.#drive()
    } else {
      this.#aligningSince = performance.now() / 1000
      this.#alignedSince = undefined
      this.#follow()
    }
  }

  /** The television has come back, maybe another one: nothing that was known of the last one counts, and no back-off is waited for. */
  #reconnected(): void {
    this.#wasLost = false
    this.#companion?.stop()
    this.#companion?.start()
    if (this.#failure.peek() !== undefined) this.#load(this.#programme.peek())
  }

  #follow(): void {
    if (this.#follower !== undefined || this.#companion === undefined) return
    const follower = new MediaFollower(this.media, this.#companion, {
      toleranceSeconds: TOLERANCE_SECONDS,
      rateStep: 0.002,
    })
    follower.on('blocked', () => this.#sound.refused(() => follower.retryPlay()))
    this.#follower = follower
    follower.start()
  }

  #drive(): void {
    const programme = this.#programme.peek()
    const speed = this.#live.sections.peek().state?.speed ?? 1
    const isPaused = this.#follower?.status().state === 'paused'
    this.#follower?.stop()
    this.#follower = undefined
    if (programme === undefined) return
    this.#reporter ??= new PlaybackReporter(
      this.media,
      () => this.#companion?.wallClock?.clock,
      (report) => this.#live.send(report),
    )
    this.#reporter.start(programme.id)
    if (isPaused || speed === 0) return
    // No element plays backwards.
    this.setRate(speed > 0 ? speed : 1)
    void this.#play()
  }

  #checkAlignment(): void {
    const now = performance.now() / 1000
    const hasClock = this.#companion?.wallClock?.clock.available === true
    if (hasClock) this.#clockSeenAt = now
    this.#hasClock.value = now - this.#clockSeenAt < CLOCK_GRACE_SECONDS
    // Refused again without sound: the follower says so only once.
    const { muted, paused } = this.media
    if (this.#follower?.status().state === 'blocked' && muted && paused) this.#sound.refused(() => {})
    if (this.#mode.value !== 'aligning' || this.#programme.value === undefined || !hasClock) return
    const { readyState } = this.media
    if (readyState === HTMLMediaElement.HAVE_NOTHING) this.#aligningSince = now
    const status = this.#follower?.status()
    if (status === undefined || !isAligned(status)) this.#alignedSince = undefined
    else this.#alignedSince ??= now
    const hasData = readyState >= HTMLMediaElement.HAVE_FUTURE_DATA
    const isLate = hasData && status?.state !== 'blocked' && now - this.#aligningSince > LONGEST_ALIGNMENT_SECONDS
    if (isLate || (this.#alignedSince !== undefined && now - this.#alignedSince >= ALIGNED_SECONDS))
      this.#enter('driving')
  }

  #act(action: Action['action']): void {
    switch (action.name) {
      case 'play':
        void this.#play()
        break
      case 'pause':
        this.media.pause()
        break
      case 'seek':
        this.seekTo(action.seconds)
        break
      case 'speed':
        if (action.speed === 0) this.media.pause()
        else {
          this.setRate(action.speed)
          void this.#play()
        }
    }
  }

  async #play(): Promise<void> {
    try {
      await this.media.play()
    } catch (error) {
      if ((error as Error).name === 'NotAllowedError') this.#sound.refused(() => void this.#play())
    }
  }
}

/** Whether the element is where the television is, as far as it can be. */
function isAligned({ state, errorSeconds }: MediaFollowerStatus): boolean {
  switch (state) {
    case 'locked':
    case 'paused':
    // The television plays backwards, or too fast, or where there is nothing: no element can.
    case 'stepping':
    case 'outside':
      return true
    case 'adjusting':
    case 'limited':
      return errorSeconds !== undefined && Math.abs(errorSeconds) < NEAR_SECONDS
    default:
      return false
  }
}
