import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Cii } from '../src/messages/index.js'
import { CII_SERVER_OPTIONS, type CiiHooks, CiiServer } from '../src/server/cii/index.js'
import { option } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { type EndpointKind, type EndpointPluginOptions, registerEndpoint } from './endpoint-plugin.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The CSS-CII server that `ciiPlugin` has mounted. */
    cii: CiiServer
  }
}

export interface CiiPluginOptions extends EndpointPluginOptions<CiiServer, CiiHooks> {
  /** The initial state. */
  cii?: Cii
  /** Properties that every message of changes contains, changed or not. Default: none. See {@link CiiServer}. */
  repeatedProperties?: readonly (keyof Cii)[]
  /**
   * Whether `wcUrl`, `tsUrl`, and the location of a wall clock over WebSocket in `private` are filled in from the other plugins of this
   * app unless the app sets them. Default true.
   */
  advertise?: boolean
  /** The URL at which clients reach the app through a proxy: `https://tv.example/css`. See {@link CiiServer}. */
  publicUrl?: string
}

export const CII: EndpointKind<CiiServer> = {
  Base: CiiServer,
  Default: CiiServer,
  decorateAs: 'cii',
  serverOptions: CII_SERVER_OPTIONS,
  pluginOptions: { advertise: option.withDefault(option.boolean(), true) },
}

/** Mounts a CSS-CII endpoint and decorates the app with its {@link CiiServer}, as `app.cii`. */
export const ciiPlugin: FastifyPluginAsync<CiiPluginOptions> = fp(
  async (app: FastifyInstance, options: CiiPluginOptions) => {
    const server = await registerEndpoint(app, CII, options, (path) => {
      registryOf(app).announceEndpoint(app, 'ciiUrl', path)
    })
    if (options.advertise ?? true) registryOf(app).advertiseOn(app, server)
  },
  { fastify: '5.x', name: 'fastify-dvbcss-cii' },
)
