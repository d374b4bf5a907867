import type { FastifyInstance } from 'fastify'
import type { Authority } from '../src/server/endpoint/index.js'
import { type PageRole, type PageSetting, TIMELINES } from '../src/television/index.js'
import { isLoopback } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { addressesOfApp, hostsOf } from './machine-addresses.js'

/** What a page has to know of the app that serves it, which it has reached at this address. */
export function pageSettings(
  app: FastifyInstance,
  authority: Authority,
  base: string,
  role: PageRole,
  friendlyName: string,
): PageSetting {
  const urls = registryOf(app).urlsSeenFrom(app)
  const path = (template: string | undefined) => {
    const tail = template?.split('{{prefix}}').at(-1)
    return tail === undefined ? null : `${authority.prefix ?? ''}${tail}`
  }
  return {
    role,
    friendlyName,
    ciiPath: path(urls.ciiUrl) ?? '/cii',
    tsPath: path(urls.tsUrl) ?? '/ts',
    wallClockPath: path(urls.webSocketWcUrl),
    timelineSelector: TIMELINES.pts.selector,
    companionUrl: companionUrl(app, authority, base),
  }
}

/** The companion page at the address at which the client has reached the app, or at one of the network if that is loopback. */
export function companionUrl(app: FastifyInstance, authority: Authority, base: string): string {
  const { secure, prefix = '' } = authority
  const others = addressesOfApp(app).flatMap(({ address, port }) => hostsOf(address).map((host) => ({ host, port })))
  const isNear = ({ host }: { host: string | null }) => host === null || isLoopback(host)
  const { host, port } = isNear(authority) ? (others.find((each) => !isNear(each)) ?? authority) : authority
  const standard = secure ? 443 : 80
  return `${secure ? 'https' : 'http'}://${host ?? 'localhost'}${port === standard ? '' : `:${port}`}${prefix}${base}/companion`
}
