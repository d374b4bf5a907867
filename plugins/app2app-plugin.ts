import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { APP2APP_SERVER_OPTIONS, App2AppServer, type App2AppServerOptions } from '../src/server/app2app/index.js'
import { DEFAULTS, type Handshake } from '../src/server/endpoint/index.js'
import { checkOptions, type OptionTable, option } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { checkMaxPayload, type DefaultedMountOptions, MOUNT_OPTIONS, type MountOptions } from './endpoint-plugin.js'
import { mountEndpoint } from './mount-endpoint.js'
import { checkDecoratorIsFree, SCOPE_OPTIONS, scopeOptions } from './options.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The App2App relay that `app2appPlugin` has mounted. */
    app2app: App2AppServer
  }
}

/** Options of {@link app2appPlugin}. The limits apply to each side on its own. */
export interface App2AppPluginOptions
  extends Omit<App2AppServerOptions, 'logger'>,
    Omit<MountOptions, 'handler' | 'maxMessageBytes'> {
  /** Bytes of a message; a longer one closes its connection with 1009. Default 131072, which HbbTV requires of televisions. */
  maxMessageBytes?: number
}

const { handler: _, ...MOUNT } = MOUNT_OPTIONS
const { logger: __, ...SERVER } = APP2APP_SERVER_OPTIONS

export const APP2APP_PLUGIN_OPTIONS: OptionTable<App2AppPluginOptions, DefaultedMountOptions> = {
  ...MOUNT,
  maxMessageBytes: option.withDefault(MOUNT.maxMessageBytes, DEFAULTS.maxRelayedMessageBytes),
  ...SERVER,
}

/**
 * Mounts the App2App relay at `local/` and `remote/` under its prefix, and decorates the app with its {@link App2AppServer}, as
 * `app.app2app`. `discoveryPlugin` tells companions the remote base URL.
 */
export const app2appPlugin: FastifyPluginAsync<App2AppPluginOptions> = fp(
  async (app: FastifyInstance, options: App2AppPluginOptions) => {
    const checked = checkOptions(APP2APP_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
    checkMaxPayload(app, options)
    const forServer = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(SERVER, name)))
    const server = new App2AppServer(forServer, channelOf)
    const decorateAs = checked.decorateAs ?? 'app2app'
    checkDecoratorIsFree(app, decorateAs)
    app.decorate<App2AppServer>(decorateAs, server)
    const { prefix, ...settings } = checked
    const scope = scopeOptions(options as RegisterOptions)
    const mount = (side: 'local' | 'remote', mounted?: (path: string) => void) =>
      mountEndpoint(app, server[side], { ...settings, prefix: `${prefix}/${side}`, route: '/*', scope }, mounted)
    await mount('local')
    await mount('remote', (path) => {
      registryOf(app).app2app.push({ path: path.slice(0, -'/remote'.length), server })
      // A base URL ends with a slash (ETSI TS 102 796, clause 14.5).
      registryOf(app).announceEndpoint(app, 'app2appUrl', `${path}/`)
    })
  },
  { fastify: '5.x', name: 'fastify-dvbcss-app2app' },
)

/**
 * What follows the base URL, without slashes in front: clients add one to a base URL that ends with one. Parameters in the prefix are
 * part of the channel, so that rooms that share a route do not share channels.
 */
function channelOf(handshake: Handshake): string | undefined {
  const { '*': name, ...others } = (handshake as FastifyRequest).params as Record<string, string>
  const channel = name?.replace(/^\/+/, '')
  if (channel === undefined || channel === '') return undefined
  return [...Object.values(others).map(encodeURIComponent), channel].join('/')
}
