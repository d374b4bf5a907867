import {
  type ControlTimestamp,
  encodePresentationTimestamps,
  encodeSetupData,
  MessageError,
  type PresentationTimestamps,
  parseJson,
  type SetupData,
} from '../../messages/index.js'
import { type Forgiveness, type LenientControlTimestamp, parseJsonLeniently } from '../../messages/lenient/index.js'
import { checkOption, checkOptions, type OptionTable, option } from '../../validation/index.js'
import { readControlTimestamp } from './control-timestamp-reader.js'
import {
  CLIENT_OPTIONS,
  ReconnectingClient,
  type ReconnectingClientEvents,
  type ReconnectingClientOptions,
} from './reconnecting-client.js'

/** Options of a {@link TsClientConnection}: the setup-data to send, and those that all WebSocket clients share. */
export interface TsClientConnectionOptions extends ReconnectingClientOptions, SetupData {}

type Defaulted = Exclude<keyof ReconnectingClientOptions, 'backoff' | 'headers'>
export const TS_CONNECTION_OPTIONS: OptionTable<TsClientConnectionOptions, Defaulted> = {
  ...CLIENT_OPTIONS,
  contentIdStem: option.string(),
  timelineSelector: option.string({ nonEmpty: true }),
  private: option.custom('an array of objects, each with a type', Array.isArray),
}

/** Events of a {@link TsClientConnection}, by name, with what their listeners receive. */
export interface TsClientConnectionEvents extends ReconnectingClientEvents {
  /** A valid control timestamp was received. A {@link TsClient} adjusts its clock before emitting this event. */
  controlTimestamp: {
    /** The control timestamp as received. */
    readonly timestamp: ControlTimestamp
  }
}

/**
 * Exchanges the messages of a CSS-TS client, without a clock (TS 103 286-2, clause 5.7): sends setup-data on every connection, emits
 * received control timestamps, and sends presentation timestamps. {@link TsClient} adds a clock.
 *
 * ```js
 * const connection = new TsClientConnection('ws://192.0.2.1:7681/ts', {
 *   contentIdStem: '',
 *   timelineSelector: 'urn:dvb:css:timeline:pts',
 * })
 * connection.on('controlTimestamp', ({ timestamp }) => console.log(timestamp))
 * connection.start()
 * ```
 */
export class TsClientConnection<
  Events extends TsClientConnectionEvents = TsClientConnectionEvents,
> extends ReconnectingClient<Events> {
  readonly #setup: string
  #timestamp: ControlTimestamp | undefined

  /**
   * @param url `ws://…` or `wss://…`, the address of the TS endpoint: CII's `tsUrl`.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError; MessageError for private data that is invalid.
   */
  constructor(url: string, options: TsClientConnectionOptions) {
    checkOptions(TS_CONNECTION_OPTIONS, options)
    const { contentIdStem, timelineSelector, private: privateData, ...socketOptions } = options
    super(url, socketOptions)
    checkOption('contentIdStem', TS_CONNECTION_OPTIONS.contentIdStem, contentIdStem)
    checkOption('timelineSelector', TS_CONNECTION_OPTIONS.timelineSelector, timelineSelector)
    this.#setup = encodeSetupData({
      contentIdStem,
      timelineSelector,
      ...(privateData && { private: privateData }),
    })
  }

  /** The last valid control timestamp received on this connection, unmodified; undefined if there is none. */
  get timestamp(): ControlTimestamp | undefined {
    return this.#timestamp
  }

  /**
   * Reports to the server when this companion presents, and could present, its content.
   * @returns false if the message was not sent: not connected, or the server is not reading.
   * @throws MessageError that names the invalid property.
   */
  sendPresentationTimestamps(timestamps: PresentationTimestamps): boolean {
    return this.send(encodePresentationTimestamps(timestamps))
  }

  protected override opened(): void {
    this.sendSetupData()
  }

  /** Sends setup-data. */
  protected sendSetupData(): void {
    this.send(this.#setup)
  }

  protected override closed(_isRetried: boolean): void {
    this.#timestamp = undefined
  }

  protected override received(text: string, forgiveness: Forgiveness | undefined): void {
    let message: unknown
    let read: LenientControlTimestamp
    try {
      message = forgiveness === undefined ? parseJson(text) : parseJsonLeniently(text, forgiveness)
      read = readControlTimestamp(message, text, forgiveness)
    } catch (error) {
      if (error instanceof MessageError) this.rejected(message, error, forgiveness === undefined)
      throw error
    }
    if (forgiveness !== undefined) this.reportForgiven(forgiveness)
    this.take(read)
    // Every subclass has this event, which the compiler cannot infer.
    this.emit('controlTimestamp', { timestamp: read.timestamp } as Events['controlTimestamp'])
  }

  /** A valid control timestamp was received. */
  protected take({ timestamp }: LenientControlTimestamp): void {
    this.#timestamp = timestamp
  }

  /** An invalid message was received. @param _message undefined if it was not JSON. */
  protected rejected(_message: unknown, _error: MessageError, _isStrict: boolean): void {}
}
