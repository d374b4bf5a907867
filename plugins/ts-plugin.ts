import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import { Clock } from '../src/clocks/index.js'
import { TsServer } from '../src/server/ts-server.js'
import { registryOf } from './app-registry.js'
import { type EndpointKind, type EndpointPluginOptions, registerEndpoint } from './endpoint-plugin.js'
import { refinedSchema } from './options.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The CSS-TS server that `tsPlugin` has mounted. */
    ts: TsServer
  }
}

export interface TsPluginOptions extends EndpointPluginOptions<TsServer> {
  /** What is on, or null while that is not known. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves. Default: `app.wallClock` where `wallClockPlugin` was registered before, else a SystemClock. */
  wallClock?: Clock
}

const TS: EndpointKind<TsServer> = {
  pluginName: 'tsPlugin',
  Base: TsServer,
  Default: TsServer,
  decorateAs: 'ts',
  schema: {
    contentId: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'a string or null' })),
    wallClock: Type.Optional(refinedSchema('a Clock', (value) => value instanceof Clock)),
  },
}

/** Mounts a CSS-TS endpoint and decorates the app with its {@link TsServer}, as `app.ts`. */
export const tsPlugin: FastifyPluginAsync<TsPluginOptions> = fp(
  async (app: FastifyInstance, options: TsPluginOptions) => {
    // An instance has its clock already.
    const given =
      options.handler instanceof TsServer || options.wallClock !== undefined || !app.hasDecorator('wallClock')
    await registerEndpoint(app, TS, given ? options : { ...options, wallClock: app.wallClock }, (path) => {
      // A path with a parameter in it is many paths.
      if (!/[:*]/.test(path)) registryOf(app).announce({ tsUrl: `{{scheme}}://{{host}}:{{port}}${path}` })
    })
  },
  { fastify: '5.x', name: 'fastify-dvbcss-ts' },
)
