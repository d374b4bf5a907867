/** As much of `dvbcss-protocols` 0.0.4, which has no types of its own, as these tests touch. */
declare module 'dvbcss-protocols' {
  import type { EventEmitter } from 'node:events'
  import type { CorrelatedClock } from 'dvbcss-clocks'
  import type WebSocket from 'ws'

  interface TimelineProperties {
    readonly timelineSelector: string
    readonly unitsPerTick: number
    readonly unitsPerSecond: number
    /** Seconds; NaN where the television gave none. */
    readonly accuracy: number
  }

  interface CIIMessage {
    readonly protocolVersion: string | null
    readonly mrsUrl: string | null
    readonly contentId: string | null
    readonly contentIdStatus: string | null
    readonly presentationStatus: string | null
    readonly wcUrl: string | null
    readonly tsUrl: string | null
    readonly timelines: TimelineProperties[] | null
  }

  type CIIChangeNames = { readonly [name in keyof CIIMessage]: boolean }

  /** Emits `change` with the state, the names of what changed, and a mask of the same. */
  interface CIIClient extends EventEmitter {
    stop(): void
    on(event: 'change', listener: (cii: CIIMessage, names: CIIChangeNames, mask: number) => void): this
  }

  interface Adaptor {
    stop(): void
  }

  interface TSClientOptions {
    contentIdStem: string
    timelineSelector: string
    tickRate: number
  }

  class PresentationTimestamp {
    constructor(contentTime: number, wallClockTime: number)
  }

  class PresentationTimestamps {
    constructor(earliest: PresentationTimestamp, latest: PresentationTimestamp, actual: PresentationTimestamp)
    serialise(): string
  }

  /** Emits `send` with a message and the destination that its options name. */
  class WallClockClientProtocol extends EventEmitter {
    constructor(wallClock: CorrelatedClock, serialiser: unknown, options: { requestInterval?: number })
    start(): void
    stop(): void
    handleMessage(message: ArrayBuffer): void
    on(event: 'send', listener: (message: ArrayBuffer) => void): this
  }

  const protocols: {
    CII: {
      createCIIClient(webSocket: WebSocket): CIIClient
      CIIMessage: { CIIChangeMask: { TS_URL_CHANGED: number; WC_URL_CHANGED: number; TIMELINES_CHANGED: number } }
    }
    TimelineSynchronisation: {
      createTSClient(webSocket: WebSocket, clock: CorrelatedClock, options: TSClientOptions): Adaptor
      PresentationTimestamp: typeof PresentationTimestamp
      PresentationTimestamps: typeof PresentationTimestamps
    }
    WallClock: {
      WallClockClientProtocol: typeof WallClockClientProtocol
      BinarySerialiser: unknown
    }
  }
  export default protocols
  export type { CIIChangeNames, CIIMessage }
}
