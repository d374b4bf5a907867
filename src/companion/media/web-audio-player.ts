import { checkOption, checkOptions, DvbcssError, type OptionTable, option } from '../../validation/index.js'
import type { FollowedMedia } from './playback-media.js'
import type {
  AudioBufferLike,
  AudioBufferSourceNodeLike,
  AudioContextLike,
  AudioNodeLike,
  GainNodeLike,
} from './web-audio-context.js'
import { WebAudioTimeline } from './web-audio-timeline.js'

/** Options of a {@link WebAudioPlayer}; all are optional. */
export interface WebAudioPlayerOptions {
  /** The audio context to play in. Default: created by the player when the first sound is loaded. */
  context?: AudioContextLike
  /** The node of that context to connect the sound to. Default: the destination of the context. */
  destination?: AudioNodeLike
  /** Whether the sound starts again at its end. Default false. */
  loop?: boolean
}

/** Events of a {@link WebAudioPlayer}: those of media elements, without data. */
export type WebAudioPlayerEvent =
  | 'loadedmetadata'
  | 'play'
  | 'playing'
  | 'pause'
  | 'seeking'
  | 'seeked'
  | 'ratechange'
  | 'ended'

export const WEB_AUDIO_PLAYER_OPTIONS: OptionTable<WebAudioPlayerOptions, 'loop'> = {
  context: option.objectWith<AudioContextLike>('createBufferSource', 'decodeAudioData'),
  destination: option.objectWith<AudioNodeLike>('disconnect'),
  loop: option.withDefault(option.boolean(), false),
}

/** Changes are scheduled this far ahead, so that the audio thread has not yet passed them. */
const AHEAD_SECONDS = 0.015
/** Fade at each start and stop, to avoid an audible click. */
const FADE_SECONDS = 0.004
/** The audio thread renders this many frames at once, and rates change between two of these blocks. */
const RENDER_QUANTUM_FRAMES = 128
/** A context that is allowed to run starts within this time. */
const RESUME_MILLIS = 400
const HAVE_NOTHING = 0
const HAVE_ENOUGH_DATA = 4
const MIN_RATE = 0.0625
const MAX_RATE = 16

interface Voice {
  readonly source: AudioBufferSourceNodeLike
  readonly gain: GainNodeLike
}

/**
 * Plays a sound by Web Audio, for a {@link MediaFollower}: the position is that of the sound that is heard now, by the context's
 * `getOutputTimestamp()`, and all changes are made at times that are known exactly. An `<audio>` element is tens of milliseconds off.
 *
 * The sound is kept in memory, decoded. Its pitch changes with the rate. For browsers only; importing it elsewhere is
 * harmless.
 */
export class WebAudioPlayer implements FollowedMedia {
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #timeline = new WebAudioTimeline()
  #context: AudioContextLike | undefined
  readonly #destination: AudioNodeLike | undefined
  #ownsContext = false
  #output: GainNodeLike | undefined
  #buffer: AudioBufferLike | undefined
  #voice: Voice | undefined
  #loop: boolean
  #rate = 1
  #volume = 1
  #muted = false
  #paused = true
  #ended = false
  #seekingUntil: number | undefined
  #loads = 0

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: WebAudioPlayerOptions = {}) {
    const { context, destination, loop } = checkOptions(WEB_AUDIO_PLAYER_OPTIONS, options)
    this.#context = context
    this.#destination = destination
    this.#loop = loop
  }

  /** The context that it plays in; undefined before the first sound was loaded, unless it was given one. */
  get context(): AudioContextLike | undefined {
    return this.#context
  }

  /**
   * Loads a sound in place of the last one, at its beginning and paused.
   *
   * @param sound decoded, or encoded in a format that the browser plays, or the URL of such a file
   * @throws DvbcssError `DVBCSS_ERR_SOUND` if it cannot be fetched or decoded
   */
  async load(sound: AudioBufferLike | ArrayBuffer | string): Promise<void> {
    this.unload()
    const load = this.#loads
    const context = this.#context ?? this.#ownContext()
    const buffer = isDecoded(sound)
      ? sound
      : await decoded(context, typeof sound === 'string' ? await fetched(sound) : sound)
    // Another sound was asked for meanwhile.
    if (load !== this.#loads) return
    this.#buffer = buffer
    this.#emit('loadedmetadata')
  }

  /** Stops, and forgets the sound. */
  unload(): void {
    this.#loads += 1
    this.pause()
    this.#buffer = undefined
    this.#ended = false
    this.#seekingUntil = undefined
    this.#timeline.schedule({ at: this.#context?.currentTime ?? 0, positionSeconds: 0, rate: 0 })
  }

  /** Stops, and closes the context if it is the player's own. */
  close(): void {
    this.unload()
    if (this.#ownsContext) void this.#context?.close()
  }

  get currentTime(): number {
    if (this.#buffer === undefined) return 0
    // As media elements do, from the moment at which it is set.
    if (this.seeking) return this.#within(this.#timeline.last.positionSeconds)
    return this.#within(this.#timeline.positionAt(this.#heard()))
  }

  /** Seeks. */
  set currentTime(seconds: number) {
    const aim = checkOption('currentTime', option.number({}, 'seconds'), seconds)
    if (this.#buffer === undefined) return
    // While it stands still, nothing has to be scheduled, and the new position holds at once.
    const at = this.#paused ? this.#heard() : this.#soon()
    const positionSeconds = Math.min(Math.max(aim, 0), this.duration)
    this.#ended = false
    this.#silence(at)
    this.#timeline.schedule({ at, positionSeconds, rate: this.#paused ? 0 : this.#rate })
    if (!this.#paused) this.#sound(at, positionSeconds)
    this.#seekingUntil = at
    this.#emit('seeking')
    setTimeout(() => this.#sought(at), this.#paused ? 0 : (at - this.#heard()) * 1000)
  }

  /** The position of the sound at a time of the context, in seconds: earlier or later than what is heard now. */
  positionAt(contextTime: number): number {
    return this.#within(this.#timeline.positionAt(contextTime))
  }

  get playbackRate(): number {
    return this.#rate
  }

  /** @throws InvalidOptionError for rates outside 0.0625 … 16, as in browsers */
  set playbackRate(rate: number) {
    this.#rate = checkOption('playbackRate', option.number({ min: MIN_RATE, max: MAX_RATE }), rate)
    const voice = this.#voice
    if (!this.#paused && voice !== undefined) {
      const at = Math.max(this.#soon(), this.#timeline.last.at)
      this.#timeline.schedule({ at, positionSeconds: this.#timeline.positionAt(at), rate })
      // Half a sample early, so that rounding cannot move it into the next block.
      voice.source.playbackRate.setValueAtTime(rate, at - 0.5 / voice.source.context.sampleRate)
    }
    this.#emit('ratechange')
  }

  get paused(): boolean {
    return this.#paused
  }

  get ended(): boolean {
    return this.#ended
  }

  get seeking(): boolean {
    return this.#seekingUntil !== undefined
  }

  get loop(): boolean {
    return this.#loop
  }

  /** Whether the sound starts again at its end. */
  set loop(value: boolean) {
    if (value === this.#loop) return
    const at = this.#soon()
    const positionSeconds = this.#within(this.#timeline.positionAt(at))
    this.#loop = value
    if (this.#voice === undefined) return
    // From now on the position counts from this round.
    this.#timeline.schedule({ at, positionSeconds, rate: this.#rate })
    this.#voice.source.loop = value
  }

  /** 0 before a sound is loaded, then 4: all of it is there. */
  get readyState(): number {
    return this.#buffer === undefined ? HAVE_NOTHING : HAVE_ENOUGH_DATA
  }

  get duration(): number {
    return this.#buffer?.duration ?? Number.NaN
  }

  /** From 0 to 1. */
  get volume(): number {
    return this.#volume
  }

  /** From 0 to 1. */
  set volume(value: number) {
    this.#volume = checkOption('volume', option.number({ min: 0, max: 1 }), value)
    this.#setGain()
  }

  /** Whether it is silent. It plays on. */
  get muted(): boolean {
    return this.#muted
  }

  /** Whether it is silent. It plays on. */
  set muted(value: boolean) {
    this.#muted = value
    this.#setGain()
  }

  /**
   * Plays from the current position.
   *
   * @throws DOMException `NotAllowedError` if the browser wants a gesture of the user first; `NotSupportedError` without a sound
   */
  async play(): Promise<void> {
    const context = this.#context
    if (this.#buffer === undefined || context === undefined) {
      throw new DOMException('no sound was loaded', 'NotSupportedError')
    }
    if (!this.#paused) return
    this.#paused = false
    this.#emit('play')
    if (context.state !== 'running' && !(await isResumed(context))) {
      if (this.#paused) return
      this.#paused = true
      throw new DOMException('the browser wants a gesture of the user before it plays sound', 'NotAllowedError')
    }
    // It may have been paused meanwhile.
    if (this.#paused) return
    const at = this.#soon()
    const from = this.#ended ? 0 : this.#timeline.last.positionSeconds
    this.#ended = false
    this.#timeline.schedule({ at, positionSeconds: from, rate: this.#rate })
    this.#sound(at, from)
    this.#emit('playing')
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    if (this.#voice !== undefined) {
      const at = this.#soon()
      const positionSeconds = this.#within(this.#timeline.positionAt(at))
      this.#timeline.schedule({ at, positionSeconds, rate: 0 })
      this.#silence(at)
    }
    this.#emit('pause')
  }

  addEventListener(type: WebAudioPlayerEvent | (string & {}), listener: () => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
  }

  removeEventListener(type: WebAudioPlayerEvent | (string & {}), listener: () => void): void {
    this.#listeners.get(type)?.delete(listener)
  }

  #emit(type: WebAudioPlayerEvent): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener()
  }

  #ownContext(): AudioContextLike {
    this.#ownsContext = true
    this.#context = new AudioContext()
    return this.#context
  }

  /** The time of the context whose sound is heard now. */
  #heard(): number {
    const context = this.#context
    if (context === undefined) return 0
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {}
    // Some browsers give zeros, above all at first.
    if (context.state === 'running' && contextTime > 0 && performanceTime > 0) {
      const heard = contextTime + (performance.now() - performanceTime) / 1000
      // Nothing is heard before it is rendered, whatever a timestamp says.
      return Math.min(heard, context.currentTime)
    }
    return context.currentTime - (context.outputLatency || context.baseLatency || 0)
  }

  /** The next time for which something can be scheduled exactly. */
  #soon(): number {
    const context = this.#context
    if (context === undefined) return 0
    const quantum = RENDER_QUANTUM_FRAMES / context.sampleRate
    return Math.ceil((context.currentTime + AHEAD_SECONDS) / quantum) * quantum
  }

  /** A position within the sound: what is scheduled runs on past its end. */
  #within(seconds: number): number {
    const { duration } = this
    return this.#loop ? seconds % duration : Math.min(seconds, duration)
  }

  #sound(at: number, positionSeconds: number): void {
    const [context, buffer] = [this.#context, this.#buffer]
    if (context === undefined || buffer === undefined) return
    this.#output ??= context.createGain()
    this.#output.connect(this.#destination ?? context.destination)
    this.#setGain()
    const gain = context.createGain()
    gain.connect(this.#output)
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(1, at + FADE_SECONDS)
    const source = context.createBufferSource()
    source.buffer = buffer
    source.loop = this.#loop
    source.playbackRate.setValueAtTime(this.#rate, at)
    source.connect(gain)
    source.start(at, positionSeconds)
    const voice = { source, gain }
    this.#voice = voice
    source.onended = () => {
      gain.disconnect()
      if (this.#voice === voice) this.#over()
    }
  }

  /** The sound has come to its end by itself. */
  #over(): void {
    this.#voice = undefined
    this.#paused = true
    this.#ended = true
    const at = this.#context?.currentTime ?? 0
    this.#timeline.schedule({ at, positionSeconds: this.duration, rate: 0 })
    this.#emit('pause')
    this.#emit('ended')
  }

  #silence(at: number): void {
    const voice = this.#voice
    this.#voice = undefined
    if (voice === undefined) return
    voice.gain.gain.setValueAtTime(1, at)
    voice.gain.gain.linearRampToValueAtTime(0, at + FADE_SECONDS)
    voice.source.stop(at + FADE_SECONDS)
  }

  #sought(at: number): void {
    if (this.#seekingUntil !== at) return
    this.#seekingUntil = undefined
    this.#emit('seeked')
    if (!this.#paused) this.#emit('playing')
  }

  #setGain(): void {
    if (this.#output !== undefined) this.#output.gain.value = this.#muted ? 0 : this.#volume
  }
}

function isDecoded(sound: AudioBufferLike | ArrayBuffer | string): sound is AudioBufferLike {
  return typeof sound === 'object' && 'getChannelData' in sound
}

async function fetched(url: string): Promise<ArrayBuffer> {
  try {
    const response = await fetch(url)
    if (response.ok) return await response.arrayBuffer()
    throw soundError(`cannot load ${url}: expected a sound, the server answered ${response.status}`)
  } catch (error) {
    if (error instanceof DvbcssError) throw error
    throw soundError(`cannot load ${url}: ${(error as Error).message}`, error)
  }
}

async function decoded(context: AudioContextLike, bytes: ArrayBuffer): Promise<AudioBufferLike> {
  try {
    return await context.decodeAudioData(bytes)
  } catch (error) {
    throw soundError(
      `cannot decode the sound: expected a format that this browser plays (${(error as Error).message})`,
      error,
    )
  }
}

function soundError(message: string, cause?: unknown): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_SOUND', message, cause === undefined ? undefined : { cause })
}

/** Without a gesture of the user, `resume()` neither succeeds nor fails. */
async function isResumed(context: AudioContextLike): Promise<boolean> {
  await Promise.race([context.resume().catch(() => {}), new Promise((resolve) => setTimeout(resolve, RESUME_MILLIS))])
  return context.state === 'running'
}
