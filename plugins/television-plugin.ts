import { hostname } from 'node:os'
import type { FastifyInstance, FastifyPluginAsync, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { ENDPOINT_OPTIONS, type EndpointServerOptions } from '../src/server/endpoint/index.js'
import { PageServer, type Programme, Television } from '../src/television/index.js'
import { dashPlayerFor, type MediaLibrary, openMedia, ownProgrammes } from '../src/television/media/index.js'
import {
  ConflictingOptionError,
  checkOptions,
  DvbcssError,
  isLoopback,
  type OptionTable,
  option,
} from '../src/validation/index.js'
import { checkMaxPayload, type DefaultedMountOptions, MOUNT_OPTIONS, type MountOptions } from './endpoint-plugin.js'
import { mountEndpoint } from './mount-endpoint.js'
import { checkDecoratorIsFree, SCOPE_OPTIONS, scopeOptions } from './options.js'
import { SentFiles } from './sent-files.js'
import { addMediaRoutes } from './television-media.js'
import { monitorOf } from './television-monitor.js'
import { addPageRoutes, LIVE_PATH } from './television-pages.js'
import { pageSettings } from './television-settings.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The television that `televisionPlugin` has mounted. */
    television: Television
  }
}

/** Options of {@link televisionPlugin}. The limits are those of the connections of its pages. */
export interface TelevisionPluginOptions
  extends Omit<EndpointServerOptions, 'logger' | 'hooks'>,
    Omit<MountOptions, 'handler'> {
  /** What the television shows: a media file, a folder of media files, or an http(s) URL. Default: the test clip of this package. */
  media?: string
  /** URL of a DASH manifest to show instead. Requires the package `dashjs`. */
  mpd?: string
  /** Programmes whose files the app serves itself, instead of `media`; the first one is shown initially. */
  programmes?: readonly Programme[]
  /** Content id of the first programme. Default `dvb://233a.1004.1044`; with `mpd` the URL of the manifest. */
  contentId?: string
  /** The name of the television on its pages. Default: that of `discoveryPlugin`, else the name of the machine. */
  friendlyName?: string
  /**
   * Local address at which other machines may open the control page; `0.0.0.0` or `::` for every address. Requires `controlToken`.
   * Default: only this machine may.
   */
  controlHost?: string
  /** Token required to open the control page, as `/control#token=…`. Default: none is required. */
  controlToken?: string
}

const DEFAULT_CONTENT_ID = 'dvb://233a.1004.1044'

const { handler: _, ...MOUNT } = MOUNT_OPTIONS
const { logger: __, hooks: ___, ...SERVER } = ENDPOINT_OPTIONS

export const TELEVISION_PLUGIN_OPTIONS: OptionTable<TelevisionPluginOptions, DefaultedMountOptions> = {
  ...MOUNT,
  ...SERVER,
  programmes: option.custom<readonly Programme[]>(
    'a list of programmes',
    (value) => Array.isArray(value) && value.every(isProgramme),
  ),
  media: option.string({ nonEmpty: true }),
  mpd: option.string({ nonEmpty: true }),
  contentId: option.string({ nonEmpty: true }),
  friendlyName: option.string({ nonEmpty: true }),
  controlHost: option.string({ nonEmpty: true }),
  controlToken: option.string({ nonEmpty: true }),
}

/**
 * A television with web pages: serves `/tv` (the picture, which is the timeline), `/companion` (for phones) and `/control`
 * (the remote control) at its prefix, and drives `app.cii` and `app.ts`. Register `ciiPlugin`, `tsPlugin` and a wall clock before it.
 * Decorates the app with its {@link Television}, as `app.television`.
 */
export const televisionPlugin: FastifyPluginAsync<TelevisionPluginOptions> = fp(
  async (app: FastifyInstance, options: TelevisionPluginOptions) => {
    const checked = checkOptions(TELEVISION_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
    const { controlHost, controlToken, contentId, friendlyName, prefix } = checked
    if (controlHost !== undefined && controlToken === undefined && !isLoopback(controlHost)) {
      throw new ConflictingOptionError('controlHost', 'requires controlToken: others can reach the control page')
    }
    for (const name of ['cii', 'ts', 'wallClock'] as const) {
      if (app.hasDecorator(name)) continue
      const message = `televisionPlugin: expected app.${name}; register ciiPlugin, tsPlugin and wallClockPlugin before it`
      throw new DvbcssError('DVBCSS_ERR_UNSUITABLE_APP', message)
    }
    checkMaxPayload(app, options)
    const decorateAs = checked.decorateAs ?? 'television'
    checkDecoratorIsFree(app, decorateAs)
    const library = await libraryOf(checked)
    const dashPlayer = dashPlayerFor(library.programmes)
    const television = new Television(app, {
      programmes: library.programmes,
      ...(contentId !== undefined && { contentId }),
    })
    app.decorate<Television>(decorateAs, television)
    app.addHook('onClose', async () => television.stop())
    const monitor = monitorOf(app, television)
    app.addHook('onClose', async () => monitor.watch(false))
    const access = { controlHost, controlToken }
    const forServer = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(SERVER, name)))
    const nameOf = () => friendlyName ?? (app.hasDecorator('discovery') ? app.discovery.friendlyName : hostname())
    let base = prefix
    const server = new PageServer(
      {
        television,
        access,
        feed: monitor,
        setting: (connection, role) => pageSettings(app, connection.localAuthority, base, role, nameOf()),
      },
      forServer,
    )
    const scope = scopeOptions(options as RegisterOptions)
    await mountEndpoint(app, server, { ...checked, prefix: `${prefix}${LIVE_PATH}`, scope }, (path) => {
      base = path.slice(0, -LIVE_PATH.length)
    })
    await app.register(
      async (routes) => {
        const files = new SentFiles(routes)
        addPageRoutes(routes, { access, files, mediaOrigins: library.origins, dashPlayer })
        addMediaRoutes(routes, library, files)
      },
      { ...scope, prefix },
    )
  },
  { fastify: '5.x', name: 'fastify-dvbcss-television' },
)

function isProgramme(value: unknown): boolean {
  const { id, title, contentId, sources, alternatives } = (value ?? {}) as Partial<Programme>
  return (
    [id, title, contentId].every((text) => typeof text === 'string' && text !== '') &&
    Array.isArray(sources) &&
    Array.isArray(alternatives) &&
    alternatives.every((each) => Array.isArray(each?.sources))
  )
}

/** @throws DvbcssError `DVBCSS_ERR_MEDIA`; ConflictingOptionError */
async function libraryOf(options: TelevisionPluginOptions): Promise<MediaLibrary> {
  const { programmes, media, mpd, contentId } = options
  const given = Object.entries({ media, mpd, programmes }).filter(([, value]) => value !== undefined)
  const [first, second] = given.map(([name]) => name)
  if (first !== undefined && second !== undefined)
    throw new ConflictingOptionError(second, `cannot be combined with ${first}`)
  if (programmes !== undefined) return ownProgrammes(programmes)
  return openMedia({ media, mpd, contentId: contentId ?? (mpd === undefined ? DEFAULT_CONTENT_ID : undefined) })
}
