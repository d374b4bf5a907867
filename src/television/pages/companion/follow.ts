import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Companion } from '../../../companion/index.js'
import { MediaFollower, type MediaFollowerStatus } from '../../../companion/media/index.js'
import type { Alternative, MediaSource, Programme } from '../../protocol/index.js'
import { companionOf, type LiveConnection, onMediaFailure, setSources } from '../shared/index.js'
import type { FollowState } from './follow-state.js'

/** What is played: the programme itself, or the id of one of its alternatives. */
export type Choice = 'programme' | (string & {})

/** How well it is followed, as it was last measured. */
export interface Measurement {
  readonly positionSeconds: number | undefined
  /** By how much the media is ahead of the timeline; undefined while unknown. */
  readonly errorSeconds: number | undefined
  /** Error bound of the timeline; undefined while unknown. */
  readonly boundSeconds: number | undefined
  readonly roundTripSeconds: number | undefined
  readonly follower: MediaFollowerStatus | undefined
}

const CALIBRATION_KEY = 'dvb-css-rendering-latency-seconds'
const MEASURE_MILLIS = 200
const NOTHING: Measurement = {
  positionSeconds: undefined,
  errorSeconds: undefined,
  boundSeconds: undefined,
  roundTripSeconds: undefined,
  follower: undefined,
}

/** Follows the television with a media element, from the user's gesture on. */
export class Follow {
  readonly media: HTMLVideoElement
  readonly #live: LiveConnection
  readonly #state = signal<FollowState>({ name: 'ready' })
  readonly #choice = signal<Choice>('programme')
  readonly #measurement = signal<Measurement>(NOTHING)
  readonly #calibrationSeconds = signal(readCalibration())
  #companion: Companion | undefined
  #follower: MediaFollower | undefined
  #failure: string | undefined
  #playing: string | undefined
  #isStarted = false

  constructor(media: HTMLVideoElement, live: LiveConnection) {
    this.media = media
    this.#live = live
    media.playsInline = true
    media.loop = true
    onMediaFailure(media, (detail) => {
      this.#failure = detail
      this.#measure()
    })
    media.addEventListener('loadedmetadata', () => {
      this.#failure = undefined
    })
    effect(() => this.#update())
    setInterval(() => this.#measure(), MEASURE_MILLIS)
  }

  get state(): ReadonlySignal<FollowState> {
    return this.#state
  }

  get choice(): ReadonlySignal<Choice> {
    return this.#choice
  }

  get measurement(): ReadonlySignal<Measurement> {
    return this.#measurement
  }

  /** The delay between the media element and what is seen and heard on this device. Kept for the next visit. */
  get calibrationSeconds(): ReadonlySignal<number> {
    return this.#calibrationSeconds
  }

  get programme(): Programme | undefined {
    const { programmes, state } = this.#live.sections.value
    return programmes?.find(({ id }) => id === state?.programme)
  }

  /** What can be played of the programme: itself, or an alternative. Undefined if it is none that this programme has. */
  get alternative(): Alternative | undefined {
    return this.programme?.alternatives.find(({ id }) => id === this.#choice.value)
  }

  /** Starts to follow. To be called by a gesture of the user, after which browsers allow sound. */
  start(): void {
    this.#isStarted = true
    this.#update()
    this.#measure()
  }

  stop(): void {
    this.#isStarted = false
    this.#follower?.stop()
    this.#follower = undefined
    this.#companion?.stop()
    this.#companion = undefined
    this.media.pause()
    this.#measure()
  }

  /** Plays after the browser has refused to: called by a gesture of the user. */
  retry(): void {
    this.#follower?.retryPlay()
  }

  choose(choice: Choice): void {
    this.#choice.value = choice
  }

  calibrate(seconds: number): void {
    this.#calibrationSeconds.value = seconds
    writeCalibration(seconds)
    if (this.#follower !== undefined) this.#follow()
  }

  /** Called whenever what the television says or the user's choice has changed. */
  #update(): void {
    const { setting } = this.#live.sections.value
    const { programme } = this
    const sources = this.#choice.value === 'programme' ? programme?.sources : (this.alternative ?? programme)?.sources
    if (!this.#isStarted || setting === undefined) return
    if (this.#companion === undefined) {
      this.#companion = companionOf(setting)
      this.#companion.start()
    }
    this.#play(programme?.id, sources ?? [])
    if (this.#follower === undefined) this.#follow()
  }

  #play(programme: string | undefined, sources: readonly MediaSource[]): void {
    const playing = JSON.stringify([programme, sources])
    if (playing === this.#playing) return
    this.#playing = playing
    this.#failure = undefined
    setSources(this.media, sources)
  }

  #follow(): void {
    if (this.#companion === undefined) return
    this.#follower?.stop()
    this.#follower = new MediaFollower(this.media, this.#companion, {
      toleranceSeconds: 0.01,
      rateStep: 0.002,
      renderingLatencySeconds: this.#calibrationSeconds.peek(),
    })
    this.#follower.start()
  }

  #measure(): void {
    const companion = this.#companion
    const follower = this.#follower?.status()
    const position = companion?.position()
    this.#measurement.value = {
      positionSeconds: position?.seconds,
      errorSeconds: follower?.errorSeconds,
      boundSeconds: position?.available === true ? position.errorSeconds : undefined,
      roundTripSeconds: companion?.wallClock?.status().medianRoundTripSeconds,
      follower,
    }
    const state = this.#stateNow(follower)
    if (JSON.stringify(state) !== JSON.stringify(this.#state.peek())) this.#state.value = state
  }

  #stateNow(follower: MediaFollowerStatus | undefined): FollowState {
    const status = this.#live.status.peek()
    if (status === 'refused') return { name: 'refused', detail: this.#live.refusal.peek()?.detail ?? '' }
    if (!this.#isStarted) return { name: status === 'lost' ? 'lost' : 'ready' }
    if (status === 'lost') return { name: 'lost' }
    if (this.#live.sections.peek().state === undefined) return { name: 'connecting' }
    if (this.programme === undefined) return { name: 'no-media' }
    if (this.#failure !== undefined) return { name: 'unplayable', detail: this.#failure }
    const unavailable = this.#companion?.unavailable
    if (unavailable !== undefined)
      return { name: 'unavailable', reason: unavailable.reason, detail: unavailable.detail }
    return { name: 'follower', follower: follower?.state ?? 'stopped', limits: follower?.limits ?? [] }
  }
}

function readCalibration(): number {
  try {
    const seconds = Number(localStorage.getItem(CALIBRATION_KEY) ?? 0)
    return Number.isFinite(seconds) ? seconds : 0
  } catch {
    // Storage is blocked.
    return 0
  }
}

function writeCalibration(seconds: number): void {
  try {
    localStorage.setItem(CALIBRATION_KEY, String(seconds))
  } catch {
    // Storage is blocked: it holds until the page is closed.
  }
}
