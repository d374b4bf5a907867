import { ConflictingOptionError, checkOptions, type OptionTable, option } from '../validation/index.js'
import { checkSocketUrl, type SocketOpener } from './connections/index.js'

/**
 * How a companion reaches a television: `native`, by the protocols of TS 103 286-2, or `app2app`, by the same messages over App2App,
 * served by an application on the television.
 */
export type CompanionRoute = 'native' | 'app2app'

/** The television to follow, for example one that `discoverTelevisions` has found. At least one of the URLs is required. */
export interface CompanionTarget {
  /** URL of the CSS-CII endpoint, `ws://…` or `wss://…`. */
  readonly ciiUrl?: string
  /** Base URL of App2App for companions, `ws://…` or `wss://…`. Used if `ciiUrl` is missing or unusable. */
  readonly app2appUrl?: string
  /** The beginning of the names of the App2App channels `…-cii`, `…-wc` and `…-ts`. Default `hbbtv-sync`. */
  readonly channelPrefix?: string
}

/** A route to a television, with its initial URLs. */
export interface RouteUrls {
  readonly route: CompanionRoute
  readonly ciiUrl: string
  /** Known in advance for App2App. The URLs that applications state in CII are often wrong. */
  readonly wallClockUrl?: string
  readonly tsUrl?: string
}

const TARGET_OPTIONS: OptionTable<CompanionTarget, 'channelPrefix'> = {
  ciiUrl: option.string(),
  app2appUrl: option.string(),
  channelPrefix: option.withDefault(option.string({ nonEmpty: true }), 'hbbtv-sync'),
}

/**
 * The routes to a television, in the order in which they are tried.
 * @throws InvalidUrlError, InvalidOptionError, ConflictingOptionError
 */
export function routesOf(target: string | CompanionTarget, openSocket: SocketOpener | undefined): RouteUrls[] {
  if (typeof target !== 'object' || target === null) {
    return [{ route: 'native', ciiUrl: checkSocketUrl('ciiUrl', target, openSocket) }]
  }
  // A discovered television has additional properties.
  const { ciiUrl, app2appUrl, channelPrefix } = checkOptions(TARGET_OPTIONS, target, { others: 'any' })
  const routes: RouteUrls[] = []
  if (ciiUrl !== undefined) routes.push({ route: 'native', ciiUrl: checkSocketUrl('ciiUrl', ciiUrl, openSocket) })
  if (app2appUrl !== undefined) {
    const base = checkSocketUrl('app2appUrl', app2appUrl, openSocket)
    const channel = (name: string): string => channelUrl(base, `${channelPrefix}-${name}`)
    routes.push({ route: 'app2app', ciiUrl: channel('cii'), wallClockUrl: channel('wc'), tsUrl: channel('ts') })
  }
  if (routes.length === 0) throw new ConflictingOptionError('ciiUrl', 'is required, unless there is an app2appUrl')
  return routes
}

/** A base URL should end with a slash, but often does not. It may have a query, for example with a token. */
function channelUrl(base: string, channel: string): string {
  const [path = '', query] = base.split('?', 2)
  return `${path.replace(/\/+$/, '')}/${encodeURIComponent(channel)}${query === undefined ? '' : `?${query}`}`
}
