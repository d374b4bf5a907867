import { type Clock, SystemClock } from '../clocks/index.js'
import type { CompanionOptions } from './companion-options.js'
import type { RouteUrls } from './companion-target.js'
import type { CompanionTimeline } from './companion-timeline.js'
import {
  CiiClient,
  type CiiClientOptions,
  DEFAULT_HOLD_SECONDS,
  openStandardSocket,
  pairedSocketOpener,
  type SocketOpener,
  type TimelineUnwrapper,
  TsClient,
  unwrapperFor,
} from './connections/index.js'
import { AdaptiveWallClockTransport, MIN_PRECISION_SECONDS, WallClockClient } from './wall-clock/index.js'

/** Creates the clients of a companion, with its options. It neither starts nor stops them. */
export class CompanionClients {
  readonly #options: CompanionOptions
  /** The local clock that all other clocks are derived from. */
  readonly parentClock: Clock
  /** The unwrapper of the current selector. It is shared by its clients, so that its count continues across servers. */
  #unwrapper: { readonly selector: string; readonly unwrapper: TimelineUnwrapper | undefined } | undefined

  constructor(options: CompanionOptions) {
    this.#options = options
    this.parentClock = options.parentClock ?? new SystemClock()
  }

  createCii({ ciiUrl, route }: RouteUrls): CiiClient {
    const options = { ...this.#shared, ...this.#options.cii }
    return new CiiClient(ciiUrl, route === 'native' ? options : paired(options))
  }

  createWallClock(url: string, isApp2App: boolean): WallClockClient {
    const { strict = false, wallClock, platform = {} } = this.#options
    const { openSocket = openStandardSocket } = platform
    wallClock?.algorithm?.reset()
    return new WallClockClient({
      strict,
      ...wallClock,
      parentClock: this.parentClock,
      transport: isApp2App ? new AdaptiveWallClockTransport(url, { openSocket, isApp2App }) : url,
      platform,
    })
  }

  createTs(
    url: string,
    { selector: timelineSelector, tickRate }: CompanionTimeline,
    isApp2App: boolean,
    wallClock: { readonly wallClock: Clock; readonly beforeResuming: (done: () => void) => void },
  ): TsClient {
    const { contentIdStem = '', ts: options } = this.#options
    if (this.#unwrapper?.selector !== timelineSelector) {
      this.#unwrapper = { selector: timelineSelector, unwrapper: unwrapperFor(timelineSelector) }
    }
    const { unwrapper } = this.#unwrapper
    const connection = { holdSeconds: DEFAULT_HOLD_SECONDS, ...this.#shared, ...options }
    // An application reads the clock for its timestamps no more precisely than for its wall clock answers.
    const timestampErrorSeconds = 1 / tickRate + MIN_PRECISION_SECONDS
    return new TsClient(url, {
      ...(isApp2App ? { timestampErrorSeconds, ...paired(connection) } : connection),
      ...wallClock,
      contentIdStem,
      timelineSelector,
      tickRate,
      ...(unwrapper && { unwrapper }),
    })
  }

  get #shared(): Pick<CiiClientOptions, 'openSocket' | 'strict'> {
    const { strict = false, platform } = this.#options
    const openSocket = platform?.openSocket
    return openSocket === undefined ? { strict } : { strict, openSocket }
  }
}

/** Waits for the pairing of each connection, as App2App channels require, whichever function opens the socket. */
function paired<Options extends { openSocket?: SocketOpener }>(options: Options): Options {
  return { ...options, openSocket: pairedSocketOpener(options.openSocket ?? openStandardSocket) }
}
