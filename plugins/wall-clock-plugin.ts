import type { FastifyInstance, FastifyPluginAsync, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type Clock, SystemClock } from '../src/clocks/index.js'
import type { Authority } from '../src/server/endpoint/index.js'
import {
  CLOCK,
  type LatencyHistogram,
  UDP_REQUEST_SERVER_OPTIONS,
  UdpRequestServer,
  type UdpRequestServerOptions,
  WALL_CLOCK_HANDLER_OPTIONS,
  WallClockHandler,
  type WallClockHandlerOptions,
} from '../src/server/wall-clock/index.js'
import {
  IsolatedWallClockServer,
  type IsolatedWallClockServerOptions,
  type WallClockUdpServer,
} from '../src/server/wall-clock/isolated/index.js'
import { checkOptions, type OptionTable, option } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { addressesOfApp } from './machine-addresses.js'
import { checkDecoratorIsFree, DECORATOR_NAME, levelOf, SCOPE_OPTIONS } from './options.js'
import { wallClockUrl, wallClockUrlTemplate } from './wall-clock-url.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The clock that CSS-WC serves and to which the times of CSS-TS refer. */
    wallClock: Clock
    /** The UDP server of the wall clock, with its addresses and counters. */
    wallClockServer: WallClockUdpServer
  }
}

/** Options of {@link wallClockPlugin}. */
export interface WallClockPluginOptions {
  /**
   * Address or name to bind. Default: every address of the machine, IPv4 and IPv6. `0.0.0.0`: every IPv4 address; a name: those of its
   * addresses that belong to this machine.
   */
  host?: string
  /** UDP port. Default 6677. 0: the system chooses a free port, which `app.wallClockServer.address` then contains. */
  port?: number
  /** The clock to serve. Default: a SystemClock. */
  wallClock?: Clock
  /** Stated precision, in seconds. Default: that of the clock. */
  precisionSeconds?: number
  /** Stated maximum frequency error, in ppm. Default: that of the clock. */
  maxFreqErrorPpm?: number
  /** Whether each response is followed by a second one with a more precise transmit time. Doubles the traffic. Default false. */
  followUp?: boolean
  /**
   * Whether a separate thread answers, independently of the load of the app's event loop. Requires a clock whose root is a SystemClock
   * without a `source`. Default false.
   */
  isolate?: boolean
  /** Maximum requests per second and source (IPv6: per /64); others are not answered. Default: no limit. */
  maxRequestsPerSecond?: number
  /** Maximum requests per second of all sources together; others are not answered. Default: no limit. */
  maxRequestsPerSecondTotal?: number
  /** How many clients `app.wallClockServer.recentClients()` lists at most. 0: none, which saves 0.4 µs for each request. Default 0. */
  maxRecentClients?: number
  /** Addresses and networks that are answered; all others are not. Default: everyone is. */
  allow?: readonly string[]
  /** Addresses and networks that are not answered, even if in `allow`. Default: none. */
  deny?: readonly string[]
  /** Name of the decorator for the clock; that of its UDP server has `Server` appended. Default `wallClock`. */
  decorateAs?: string
}

/** Default port of the wall clock, which the tools for companions assume. */
const DEFAULT_PORT = 6677

const { maxMessageBytes: _maxMessageBytes, logger: _logger, ...SERVER_OPTIONS } = UDP_REQUEST_SERVER_OPTIONS

export const WALL_CLOCK_PLUGIN_OPTIONS: OptionTable<
  WallClockPluginOptions,
  | 'port'
  | 'followUp'
  | 'isolate'
  | 'maxRequestsPerSecond'
  | 'maxRequestsPerSecondTotal'
  | 'maxRecentClients'
  | 'decorateAs'
> = {
  ...SERVER_OPTIONS,
  port: option.withDefault(option.port(), DEFAULT_PORT),
  wallClock: CLOCK,
  ...WALL_CLOCK_HANDLER_OPTIONS,
  isolate: option.withDefault(option.boolean(), false),
  decorateAs: option.withDefault(DECORATOR_NAME, 'wallClock'),
}

/**
 * Serves a wall clock over UDP and decorates the app with the clock, as `app.wallClock`. The socket is bound when the app
 * boots, so `ready()` and `listen()` reject if the port is in use; it is closed with the app.
 */
export const wallClockPlugin: FastifyPluginAsync<WallClockPluginOptions> = fp(
  async (app: FastifyInstance, options: WallClockPluginOptions) => {
    const checked = checkOptions(WALL_CLOCK_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
    const { host, port, precisionSeconds, maxFreqErrorPpm, followUp, isolate, decorateAs } = checked
    const { maxRequestsPerSecond, maxRequestsPerSecondTotal, maxRecentClients, allow, deny } = checked
    const wallClock = checked.wallClock ?? new SystemClock()
    const handlerOptions = { precisionSeconds, maxFreqErrorPpm, followUp }
    const logger = app.log.child({ endpoint: 'wall-clock-server' }, levelOf(options as RegisterOptions))
    const limits = { maxRequestsPerSecond, maxRequestsPerSecondTotal, maxRecentClients, allow, deny }
    const serverOptions = { host, port, ...limits, logger }
    const { server, replyTimes } = isolate
      ? isolatedServer(wallClock, { ...handlerOptions, ...serverOptions })
      : serverInThisThread(wallClock, handlerOptions, serverOptions)
    checkDecoratorIsFree(app, decorateAs, ['', 'Server'])
    app.decorate(decorateAs, wallClock)
    app.decorate(`${decorateAs}Server`, server)
    registryOf(app).wallClocks.push({ name: decorateAs, server, replyTimes })

    app.addHook('onReady', async () => {
      await server.start()
      for (const bound of server.addresses) {
        logger.info({ address: bound.address, port: bound.port }, 'wall clock bound')
      }
      const url = wallClockUrlTemplate(server.addresses)
      if (url === undefined) return
      const urlAt = (localAuthority: Authority) => wallClockUrl(server.addresses, addressesOfApp(app), localAuthority)
      registryOf(app).announce(app, { udpWallClock: { url, urlAt } })
    })
    app.addHook('onClose', async () => {
      await server.stop()
    })
  },
  { fastify: '5.x', name: 'fastify-dvbcss-wall-clock' },
)

interface Served {
  server: WallClockUdpServer
  replyTimes: LatencyHistogram
}

function isolatedServer(wallClock: Clock, options: IsolatedWallClockServerOptions): Served {
  const server = new IsolatedWallClockServer(wallClock, options)
  return { server, replyTimes: server.replyTimes }
}

function serverInThisThread(
  wallClock: Clock,
  handlerOptions: WallClockHandlerOptions,
  serverOptions: UdpRequestServerOptions,
): Served {
  const handler = new WallClockHandler(wallClock, handlerOptions)
  return { server: new UdpRequestServer(handler, serverOptions), replyTimes: handler.replyTimes }
}
