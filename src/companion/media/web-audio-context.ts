/** The parts of the Web Audio API that a {@link WebAudioPlayer} uses: its types are those of browsers, which other platforms lack. */
export interface AudioContextLike {
  /** Seconds that were rendered. */
  readonly currentTime: number
  /** Frames a second. */
  readonly sampleRate: number
  /** `running`, `suspended` or `closed`; in some browsers also `interrupted`. */
  readonly state: string
  /** What is connected to it is heard. */
  readonly destination: AudioNodeLike
  /** Seconds. */
  readonly baseLatency?: number
  /** Seconds. */
  readonly outputLatency?: number
  /** What is heard at a time of `performance.now()`. */
  getOutputTimestamp?(): {
    /** Seconds of the context. */
    contextTime?: number
    /** Milliseconds. */
    performanceTime?: number
  }
  /** A node that changes the volume. */
  createGain(): GainNodeLike
  /** A node that plays decoded sound. */
  createBufferSource(): AudioBufferSourceNodeLike
  /** Decodes a file. */
  decodeAudioData(bytes: ArrayBuffer): Promise<AudioBufferLike>
  /** Starts to render, once the browser allows it. */
  resume(): Promise<void>
  /** Releases the output. */
  close(): Promise<void>
}

/** A node of an audio context. */
export interface AudioNodeLike {
  /** Removes its connections. */
  disconnect(): void
}

/** Decoded sound. */
export interface AudioBufferLike {
  /** Seconds. */
  readonly duration: number
  /** The samples. */
  getChannelData(channel: number): unknown
}

interface AudioParamLike {
  value: number
  setValueAtTime(value: number, at: number): unknown
  linearRampToValueAtTime(value: number, at: number): unknown
}

export interface GainNodeLike extends AudioNodeLike {
  readonly gain: AudioParamLike
  connect(node: AudioNodeLike): unknown
}

export interface AudioBufferSourceNodeLike {
  readonly context: { readonly sampleRate: number }
  readonly playbackRate: AudioParamLike
  buffer: AudioBufferLike | null
  loop: boolean
  onended: unknown
  connect(node: AudioNodeLike): unknown
  start(at: number, offsetSeconds: number): void
  stop(at: number): void
}
