import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../src/clocks/index.js'
import { TS_SERVER_OPTIONS, type TsHooks, TsServer } from '../src/server/ts/index.js'
import { registryOf, useWallClockOf } from './app-registry.js'
import { type EndpointKind, type EndpointPluginOptions, registerEndpoint } from './endpoint-plugin.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The CSS-TS server that `tsPlugin` has mounted. */
    ts: TsServer
  }
}

export interface TsPluginOptions extends EndpointPluginOptions<TsServer, TsHooks> {
  /** The current content id; null while unknown. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves. Default: `app.wallClock` if there is one, otherwise a SystemClock. */
  wallClock?: Clock
  /**
   * Maximum bytes of setup-data and presentation timestamps, which are kept while the connection is open; longer ones are dropped. Default
   * 8192.
   */
  maxKeptMessageBytes?: number
}

export const TS: EndpointKind<TsServer> = {
  Base: TsServer,
  Default: TsServer,
  decorateAs: 'ts',
  serverOptions: TS_SERVER_OPTIONS,
}

/** Mounts a CSS-TS endpoint and decorates the app with its {@link TsServer}, as `app.ts`. */
export const tsPlugin: FastifyPluginAsync<TsPluginOptions> = fp(
  async (app: FastifyInstance, options: TsPluginOptions) => {
    const server = await registerEndpoint(app, TS, options, (path) =>
      registryOf(app).announceEndpoint(app, 'tsUrl', path),
    )
    useWallClockOf(app, server)
  },
  { fastify: '5.x', name: 'fastify-dvbcss-ts' },
)
