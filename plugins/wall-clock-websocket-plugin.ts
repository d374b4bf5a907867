import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../src/clocks/index.js'
import {
  WALL_CLOCK_WEBSOCKET_OPTIONS,
  type WallClockHooks,
  WallClockWebSocketServer,
} from '../src/server/wall-clock/index.js'
import { registryOf, useWallClockOf } from './app-registry.js'
import { type EndpointKind, type EndpointPluginOptions, registerEndpoint } from './endpoint-plugin.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The wall clock over WebSocket that `wallClockWebSocketPlugin` has mounted. */
    wallClockWebSocket: WallClockWebSocketServer
  }
}

export interface WallClockWebSocketPluginOptions
  extends EndpointPluginOptions<WallClockWebSocketServer, WallClockHooks> {
  /** The clock to serve. Default: `app.wallClock` if there is one, otherwise a SystemClock. */
  wallClock?: Clock
  /** Stated precision, in seconds. Default: that of the clock. */
  precisionSeconds?: number
  /** Stated maximum frequency error, in ppm. Default: that of the clock. */
  maxFreqErrorPpm?: number
  /** Whether each response is followed by a second one with a more precise transmit time. Default false. */
  followUp?: boolean
}

export const WALL_CLOCK_WEBSOCKET: EndpointKind<WallClockWebSocketServer> = {
  Base: WallClockWebSocketServer,
  Default: WallClockWebSocketServer,
  decorateAs: 'wallClockWebSocket',
  serverOptions: WALL_CLOCK_WEBSOCKET_OPTIONS,
}

/** Serves the wall clock over WebSocket, for companions without UDP, and lets CII advertise its URL. */
export const wallClockWebSocketPlugin: FastifyPluginAsync<WallClockWebSocketPluginOptions> = fp(
  async (app: FastifyInstance, options: WallClockWebSocketPluginOptions) => {
    const server = await registerEndpoint(app, WALL_CLOCK_WEBSOCKET, options, (path) => {
      registryOf(app).announceEndpoint(app, 'webSocketWcUrl', path)
    })
    useWallClockOf(app, server)
  },
  { fastify: '5.x', name: 'fastify-dvbcss-wall-clock-websocket' },
)
