import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import { CII_PROPERTIES, type Cii } from '../src/messages/index.js'
import { type CiiHooks, CiiServer } from '../src/server/cii/index.js'
import { PUBLIC_URL_EXPECTED, parsePublicUrl } from '../src/server/endpoint/index.js'
import { registryOf } from './app-registry.js'
import { type EndpointKind, type EndpointPluginOptions, registerEndpoint } from './endpoint-plugin.js'
import { enabledSchema, refinedSchema } from './options.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The CSS-CII server that `ciiPlugin` has mounted. */
    cii: CiiServer
  }
}

export interface CiiPluginOptions extends EndpointPluginOptions<CiiServer, CiiHooks> {
  /** The state to start with. */
  cii?: Cii
  /** Properties that every message of changes carries, changed or not. Default: none. See {@link CiiServer}. */
  repeatedProperties?: readonly (keyof Cii)[]
  /** Whether `wcUrl` and `tsUrl` (and in `private` where a wall clock is to be asked over WebSocket) are filled in from the other plugins of this app where the app leaves them out. Default true. */
  advertise?: boolean
  /** Where clients reach the app from outside, when a proxy stands between: `https://tv.example/css`. See {@link CiiServer}. */
  publicUrl?: string
}

const isObject = (value: unknown) => Object.prototype.toString.call(value) === '[object Object]'

const CII: EndpointKind<CiiServer> = {
  pluginName: 'ciiPlugin',
  Base: CiiServer,
  Default: CiiServer,
  decorateAs: 'cii',
  schema: {
    cii: Type.Optional(refinedSchema('an object with the properties of CII', isObject)),
    repeatedProperties: Type.Optional(
      refinedSchema('a list of names of CII properties', (value) => {
        return Array.isArray(value) && value.every((name) => CII_PROPERTIES.includes(name))
      }),
    ),
    advertise: Type.Optional(enabledSchema),
    publicUrl: Type.Optional(refinedSchema(PUBLIC_URL_EXPECTED, (value) => parsePublicUrl(value) !== undefined)),
  },
  pluginOnly: ['advertise'],
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
