import {
  type CiiClientOptions,
  checkSocketUrl,
  type Platform,
  type SocketOpener,
  CiiClient as StandardCiiClient,
  TsClient as StandardTsClient,
  TsClientConnection as StandardTsClientConnection,
  type TsClientConnectionEvents,
  type TsClientConnectionOptions,
  type TsClientOptions,
} from '../connections/index.js'
import { type CompanionOptions, type CompanionTarget, Companion as StandardCompanion } from '../index.js'
import {
  WallClockClient as StandardWallClockClient,
  WebSocketWallClockTransport as StandardWebSocketWallClockTransport,
  type WallClockClientOptions,
  type WebSocketWallClockTransportOptions,
} from '../wall-clock/index.js'
import { openNodeSocket } from './node-socket.js'
import { nodePlatform } from './platform.js'

// The clients with Node's WebSockets and UDP as defaults. Otherwise they are the same as in a browser, including their names.

/** Follows a television with the WebSockets and UDP of Node by default: CII, the wall clock and one timeline. */
export class Companion extends StandardCompanion {
  /** See the constructor of the base class. */
  constructor(television: string | CompanionTarget, options: CompanionOptions = {}) {
    super(television, withNodePlatform(options))
  }
}

/** Mirrors the state of a CSS-CII server over a WebSocket of Node (TS 103 286-2, clause 5.6). */
export class CiiClient extends StandardCiiClient {
  /** See the constructor of the base class. */
  constructor(url: string, options: CiiClientOptions = {}) {
    super(...withNodeSocket(url, options))
  }
}

/** Exchanges the messages of a CSS-TS client, without a clock, over a WebSocket of Node (TS 103 286-2, clause 5.7). */
export class TsClientConnection<
  Events extends TsClientConnectionEvents = TsClientConnectionEvents,
> extends StandardTsClientConnection<Events> {
  /** See the constructor of the base class. */
  constructor(url: string, options: TsClientConnectionOptions) {
    super(...withNodeSocket(url, options))
  }
}

/** Follows one timeline of a CSS-TS server over a WebSocket of Node (TS 103 286-2, clause 5.7). */
export class TsClient extends StandardTsClient {
  /** See the constructor of the base class. */
  constructor(url: string, options: TsClientOptions) {
    super(...withNodeSocket(url, options))
  }
}

/** Measures the wall clock of a server over UDP or a WebSocket of Node, and synchronises a local clock with it. */
export class WallClockClient extends StandardWallClockClient {
  /** See the constructor of the base class. */
  constructor(options: WallClockClientOptions) {
    super(withNodePlatform(options))
  }
}

/** A transport for wall clock messages over a WebSocket of Node. */
export class WebSocketWallClockTransport extends StandardWebSocketWallClockTransport {
  /** See the constructor of the base class. */
  constructor(url: string, options: WebSocketWallClockTransportOptions = {}) {
    super(...withNodeSocket(url, options))
  }
}

// If the options are not an object, the base class throws.

function withNodePlatform<Options extends { platform?: Platform }>(options: Options): Options {
  return isObject(options) ? { ...options, platform: options.platform ?? nodePlatform } : options
}

/** @throws InvalidUrlError. The base class does not check the URL if an `openSocket` is passed. */
function withNodeSocket<Options extends { openSocket?: SocketOpener }>(
  url: string,
  options: Options,
): [string, Options] {
  if (!isObject(options) || options.openSocket !== undefined) return [url, options]
  return [checkSocketUrl('url', url, undefined), { ...options, openSocket: openNodeSocket }]
}

function isObject(options: unknown): boolean {
  return typeof options === 'object' && options !== null && !Array.isArray(options)
}
