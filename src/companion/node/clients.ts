import {
  type CiiClientOptions,
  CiiClient as StandardCiiClient,
  TsClient as StandardTsClient,
  TsClientConnection as StandardTsClientConnection,
  type TsClientConnectionEvents,
  type TsClientConnectionOptions,
  type TsClientOptions,
} from '../connections/index.js'
import { type CompanionOptions, Companion as StandardCompanion } from '../index.js'
import {
  WallClockClient as StandardWallClockClient,
  WebSocketWallClockTransport as StandardWebSocketWallClockTransport,
  type WallClockClientOptions,
  type WebSocketWallClockTransportOptions,
} from '../wall-clock/index.js'
import { openNodeSocket } from './node-socket.js'
import { nodePlatform } from './platform.js'

// The clients with Node's sockets and UDP by default. Everything else, and all other names, is the same as in a browser.

export class Companion extends StandardCompanion {
  /** See the constructor of the base class. */
  constructor(ciiUrl: string, options: CompanionOptions = {}) {
    super(ciiUrl, withDefault('platform', nodePlatform, options))
  }
}

export class CiiClient extends StandardCiiClient {
  /** See the constructor of the base class. */
  constructor(url: string, options: CiiClientOptions = {}) {
    super(url, withDefault('openSocket', openNodeSocket, options))
  }
}

export class TsClientConnection<
  Events extends TsClientConnectionEvents = TsClientConnectionEvents,
> extends StandardTsClientConnection<Events> {
  /** See the constructor of the base class. */
  constructor(url: string, options: TsClientConnectionOptions) {
    super(url, withDefault('openSocket', openNodeSocket, options))
  }
}

export class TsClient extends StandardTsClient {
  /** See the constructor of the base class. */
  constructor(url: string, options: TsClientOptions) {
    super(url, withDefault('openSocket', openNodeSocket, options))
  }
}

export class WallClockClient extends StandardWallClockClient {
  /** See the constructor of the base class. */
  constructor(options: WallClockClientOptions) {
    super(withDefault('platform', nodePlatform, options))
  }
}

export class WebSocketWallClockTransport extends StandardWebSocketWallClockTransport {
  /** See the constructor of the base class. */
  constructor(url: string, options: WebSocketWallClockTransportOptions = {}) {
    super(url, withDefault('openSocket', openNodeSocket, options))
  }
}

/** What is not an object of options is left for the base class to refuse. */
function withDefault<Options extends object, Name extends keyof Options>(
  name: Name,
  value: Options[Name],
  options: Options,
): Options {
  return typeof options === 'object' && options !== null ? { ...options, [name]: options[name] ?? value } : options
}
