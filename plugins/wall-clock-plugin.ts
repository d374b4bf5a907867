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
    /** The clock that CSS-WC serves, and in which CSS-TS gives its times. */
    wallClock: Clock
    /** The UDP server that answers for it: its address and its counters. */
    wallClockServer: WallClockUdpServer
  }
}

/** Options of {@link wallClockPlugin}. */
export interface WallClockPluginOptions {
  /**
   * Address or name to bind. Default: every address of the machine, IPv4 and IPv6. `0.0.0.0` is every IPv4 address; a name is all
   * of its addresses that are this machine's.
   */
  host?: string
  /** UDP port. Default 6677; 0 picks a free one, which `app.wallClockServer.address` then tells. */
  port?: number
  /** The clock to serve. Default: a SystemClock. */
  wallClock?: Clock
  /** Precision to state, in seconds. Default: what the clock says. */
  precisionSeconds?: number
  /** Maximum frequency error to state, in ppm. Default: what the clock says. */
  maxFreqErrorPpm?: number
  /** Whether each response is followed by one with a better transmit time. Doubles the traffic. Default false. */
  followUp?: boolean
  /**
   * Whether a thread of its own answers, however busy the app's event loop is. Takes a clock whose root is a SystemClock
   * without a `source`. Default false.
   */
  isolate?: boolean
  /** Requests a second of one source (IPv6: of a /64); those beyond get no answer. Default: no limit. */
  maxRequestsPerSecond?: number
  /** Requests a second of all sources together; those beyond get no answer. Default: no limit. */
  maxRequestsPerSecondTotal?: number
  /** Addresses and networks that are answered, and no others. Default: everyone is. */
  allow?: readonly string[]
  /** Addresses and networks that are not answered, those in `allow` included. Default: none. */
  deny?: readonly string[]
  /** Name of the decorator for the clock; its UDP server is found under that name with `Server` behind it. Default `wallClock`. */
  decorateAs?: string
}

/** Port of the wall clock where the app names none: the one that companions' tools assume. */
const DEFAULT_PORT = 6677

const { maxMessageBytes: _maxMessageBytes, logger: _logger, ...SERVER_OPTIONS } = UDP_REQUEST_SERVER_OPTIONS

export const WALL_CLOCK_PLUGIN_OPTIONS: OptionTable<
  WallClockPluginOptions,
  'port' | 'followUp' | 'isolate' | 'maxRequestsPerSecond' | 'maxRequestsPerSecondTotal' | 'decorateAs'
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
 * boots, so that a port that is taken makes `ready()` and `listen()` reject; it is closed with the app.
 */
export const wallClockPlugin: FastifyPluginAsync<WallClockPluginOptions> = fp(
  async (app: FastifyInstance, options: WallClockPluginOptions) => {
    const checked = checkOptions(WALL_CLOCK_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
    const { host, port, precisionSeconds, maxFreqErrorPpm, followUp, isolate, decorateAs } = checked
    const { maxRequestsPerSecond, maxRequestsPerSecondTotal, allow, deny } = checked
    const wallClock = checked.wallClock ?? new SystemClock()
    const handlerOptions = { precisionSeconds, maxFreqErrorPpm, followUp }
    const logger = app.log.child({ endpoint: 'wall-clock-server' }, levelOf(options as RegisterOptions))
    const serverOptions = { host, port, maxRequestsPerSecond, maxRequestsPerSecondTotal, allow, deny, logger }
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
