import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Companion, CompanionPosition } from '../../../companion/index.js'
import type { MediaFollowerStatus } from '../../../companion/media/index.js'
import type { Alternative, PageSetting, Programme } from '../../protocol/index.js'
import { companionOf, type LiveConnection } from '../shared/index.js'
import { type DeviceSettings, limitLatency, readSettings, writeSettings } from './device-settings.js'
import { type ErrorReading, withReading } from './error-history.js'
import { ExactSound } from './exact-sound.js'
import { type FollowState, stateForViewers, worstOf } from './follow-state.js'
import { Player } from './player.js'
import { chosenAlternative, presentationOf } from './presentation.js'
import { Subtitles } from './subtitles.js'

/** How well the television is followed, as it was last measured. */
export interface Measurement {
  /** Milliseconds of `performance.now()`. */
  readonly at: number
  readonly positionSeconds: number | undefined
  /** That of the timeline; undefined while unknown. */
  readonly speed: number | undefined
  /** By how much the media is ahead of the timeline; undefined while unknown. */
  readonly errorSeconds: number | undefined
  /** Error bound of the timeline; undefined while unknown. */
  readonly boundSeconds: number | undefined
  readonly roundTripSeconds: number | undefined
  readonly follower: MediaFollowerStatus | undefined
  /** What plays the media that is measured. */
  readonly playerName: string | undefined
  readonly history: readonly ErrorReading[]
}

const MEASURE_MILLIS = 200
/** Only what lasts longer is a problem: at the start, the answers of the television are on their way. */
const UNAVAILABLE_MILLIS = 4000
/** For how long after its return the page says that it was in the background. */
const RETURNED_MILLIS = 6000

/** Follows the television from the user's gesture on, with the media and subtitles that the user has chosen. */
export class Follow {
  readonly video = document.createElement('video')
  readonly subtitles: Subtitles
  readonly #live: LiveConnection
  readonly #picture: Player
  readonly #sound: Player
  readonly #exactSound: ExactSound
  readonly #state = signal<FollowState>({ name: 'ready' })
  readonly #isMuted = signal(false)
  readonly #settings = signal<DeviceSettings>(readSettings())
  readonly #isStarted = signal(false)
  readonly #measurement = signal<Measurement>({
    at: 0,
    positionSeconds: undefined,
    speed: undefined,
    errorSeconds: undefined,
    boundSeconds: undefined,
    roundTripSeconds: undefined,
    follower: undefined,
    playerName: undefined,
    history: [],
  })
  #companion: Companion | undefined
  #connectedTo: string | undefined
  #availableAt = 0
  #wasHiddenAt = Number.NEGATIVE_INFINITY

  constructor(live: LiveConnection) {
    this.#live = live
    this.video.playsInline = true
    const failed = () => this.#measure()
    this.#picture = new Player(this.video, failed)
    this.#sound = new Player(document.createElement('audio'), failed)
    this.#exactSound = new ExactSound(this.#sound)
    this.subtitles = new Subtitles(failed)
    effect(() => this.#update())
    effect(() => {
      if (live.status.value === 'connected') this.#reconnected()
      this.#measure()
    })
    setInterval(() => this.#measure(), MEASURE_MILLIS)
    document.addEventListener('visibilitychange', () => {
      this.#wasHiddenAt = performance.now()
      this.#measure()
    })
    this.#showSubtitles()
  }

  get state(): ReadonlySignal<FollowState> {
    return this.#state
  }

  get measurement(): ReadonlySignal<Measurement> {
    return this.#measurement
  }

  get settings(): ReadonlySignal<DeviceSettings> {
    return this.#settings
  }

  get isMuted(): ReadonlySignal<boolean> {
    return this.#isMuted
  }

  get isStarted(): ReadonlySignal<boolean> {
    return this.#isStarted
  }

  /** What the television shows; undefined while that is none of its programmes. */
  get programme(): Programme | undefined {
    const { programmes, state } = this.#live.sections.value
    return programmes?.find(({ id }) => id === state?.programme)
  }

  get alternative(): Alternative | undefined {
    return chosenAlternative(this.programme, this.#settings.value.choice)
  }

  /** Starts to follow. Called by a gesture of the user, after which browsers allow sound. */
  start(): void {
    this.#availableAt = performance.now()
    this.#isStarted.value = true
    this.#measure()
  }

  stop(): void {
    this.#isStarted.value = false
    this.#picture.stop()
    this.#sound.stop()
    this.#companion?.stop()
    this.#companion = undefined
    this.#measure()
  }

  /** Plays after the browser has refused to. Called by a gesture of the user. */
  retry(): void {
    this.#picture.retry()
    this.#sound.retry()
  }

  /** Loads what could not be loaded once more. */
  reload(): void {
    this.#picture.reload()
    this.#sound.reload()
    this.subtitles.reload()
  }

  mute(isMuted: boolean): void {
    this.#isMuted.value = isMuted
  }

  change(settings: Partial<DeviceSettings>): void {
    const changed = { ...this.#settings.peek(), ...settings }
    const renderingLatencySeconds = limitLatency(changed.renderingLatencySeconds)
    this.#settings.value = { ...changed, renderingLatencySeconds }
    writeSettings(this.#settings.peek())
  }

  /** Called whenever the television's programme or what the user wants has changed. */
  #update(): void {
    const { setting } = this.#live.sections.value
    const { choice, renderingLatencySeconds, withPicture } = this.#settings.value
    const { picture, isPictureSilent, sound, subtitles } = presentationOf(this.programme, choice, withPicture)
    this.#picture.mute(isPictureSilent || this.#isMuted.value)
    this.#sound.mute(this.#isMuted.value)
    if (!this.#isStarted.value || setting === undefined) return
    if (sound.length > 0) this.#exactSound.unlock()
    this.#connect(setting)
    this.#picture.load(picture)
    this.#sound.load(sound)
    this.subtitles.load(subtitles)
    for (const player of [this.#picture, this.#sound]) {
      if (this.#companion !== undefined) player.follow(this.#companion, renderingLatencySeconds)
      player.calibrate(renderingLatencySeconds)
    }
  }

  /** Connects to the television, unless it is connected to it already. Media plays on meanwhile. */
  #connect(setting: PageSetting): void {
    const { ciiPath, wallClockPath, timelineSelector } = setting
    const connectedTo = JSON.stringify([ciiPath, wallClockPath, timelineSelector])
    if (this.#companion !== undefined && this.#connectedTo === connectedTo) return
    this.#companion?.stop()
    this.#picture.release()
    this.#sound.release()
    this.#connectedTo = connectedTo
    this.#companion = companionOf(setting)
    // What the television is told while no media is played: the media followers say by themselves what they play.
    this.#companion.present(() => (this.subtitles.isInUse ? 0 : undefined))
    this.#companion.start()
  }

  /** The television has come back: the companion connects at once, instead of when its next attempt is due. */
  #reconnected(): void {
    this.reload()
    const companion = this.#companion
    if (companion === undefined) return
    const isWhole = companion.ts?.connected === true && companion.wallClock?.status().connected === true
    if (isWhole && companion.cii.connected) return
    companion.stop()
    companion.start()
  }

  #measure(): void {
    const at = performance.now()
    const companion = this.#companion
    const player = this.#sound.isInUse ? this.#sound : this.#picture
    const follower = player.status()
    const position = companion?.position()
    const errorSeconds = companion?.unavailable === undefined ? follower?.errorSeconds : undefined
    this.#measurement.value = {
      at,
      positionSeconds: position?.seconds,
      speed: position?.speed,
      errorSeconds,
      boundSeconds: position?.available === true ? position.errorSeconds : undefined,
      roundTripSeconds: companion?.wallClock?.status().medianRoundTripSeconds,
      follower,
      playerName: player.playerName,
      history: withReading(this.#measurement.peek().history, at / 1000, errorSeconds),
    }
    const state = this.#stateNow(at)
    if (JSON.stringify(state) !== JSON.stringify(this.#state.peek())) this.#state.value = state
  }

  #stateNow(now: number): FollowState {
    const connection = this.#live.status.peek()
    const isStarted = this.#isStarted.peek()
    const { state, programmes } = this.#live.sections.peek()
    const programme = programmes?.find(({ id }) => id === state?.programme)
    if (connection === 'refused') return { name: 'refused', detail: this.#live.refusal.peek()?.detail ?? '' }
    if (connection === 'lost') {
      const isPlaying = this.#picture.isPlaying || this.#sound.isPlaying
      return isStarted && isPlaying ? { name: 'lost-but-playing' } : { name: 'lost' }
    }
    if (!isStarted) return { name: 'ready' }
    if (document.hidden) return { name: 'hidden' }
    if (state === undefined) return { name: 'connecting' }
    if (state.presentationStatus[0] === 'transitioning') return { name: 'switching' }
    if (programme === undefined) return { name: 'no-media' }
    const players = [this.#picture, this.#sound].filter(({ isInUse }) => isInUse)
    const failure = players.find((player) => player.failure !== undefined)?.failure ?? this.subtitles.failure
    if (failure !== undefined) return { name: 'unplayable', detail: failure }
    if (players.length === 0 && !this.subtitles.isInUse) return { name: 'no-media' }
    const unavailable = this.#companion?.unavailable
    if (unavailable === undefined) this.#availableAt = now
    else {
      const { reason, detail } = unavailable
      return { name: 'unavailable', reason, detail, isNew: now - this.#availableAt < UNAVAILABLE_MILLIS }
    }
    if (players.length === 0) return { name: 'text', isLoaded: this.subtitles.isLoaded, isPaused: state.speed === 0 }
    const followers = players.map((player): FollowState & { readonly name: 'follower' } => {
      const { state = 'stopped', errorSeconds, reach, limits = [] } = player.status() ?? {}
      const follower = stateForViewers(state, errorSeconds)
      const wasHidden = now - this.#wasHiddenAt < RETURNED_MILLIS
      return { name: 'follower', follower, limits, ...(reach !== undefined && { reach }), wasHidden }
    })
    return worstOf(followers)
  }

  /** Looks at each frame which subtitles are to be read. */
  #showSubtitles(): void {
    requestAnimationFrame(() => this.#showSubtitles())
    if (!this.subtitles.isInUse) return
    const position = this.#isStarted.peek() ? this.#companion?.position() : undefined
    this.subtitles.showAt(position === undefined ? undefined : this.#mediaSecondsAt(position))
  }

  /** Where media should be, which restarts at the end of the programme. */
  #mediaSecondsAt({ seconds, speed }: CompanionPosition): number {
    const { durationSeconds = this.#picture.durationSeconds } = this.programme ?? {}
    const calibrated = seconds + this.#settings.peek().renderingLatencySeconds * speed
    return durationSeconds === undefined || calibrated < 0 ? calibrated : calibrated % durationSeconds
  }
}
