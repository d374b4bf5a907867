import type { Authority } from '../src/server/endpoint/index.js'
import type { UdpServerAddress } from '../src/server/wall-clock/index.js'
import { isEveryAddress, isLoopback } from '../src/validation/index.js'
import { type BoundAddress, hostOfAddress, isServed, neighboursOf } from './machine-addresses.js'

/**
 * The URL of a wall clock over UDP, for clients that have reached the app at one address; undefined where it answers none of them.
 * `{{host}}` stands for where they have reached the app.
 * @param bound where the wall clock listens.
 * @param app where the app listens.
 */
export function wallClockUrl(
  bound: readonly UdpServerAddress[],
  app: readonly BoundAddress[],
  localAuthority: Authority,
): string | undefined {
  const { host: appHost, localAddress } = localAuthority
  const host =
    localAddress === undefined ? hostBehindProxy(bound, appHost) : hostOnThisMachine(bound, app, appHost, localAddress)
  const port = bound[0]?.port
  if (host === undefined || port === undefined) return undefined
  return `udp://${host === appHost ? '{{host}}' : host}:${port}`
}

/** The URL for clients in general, as a template. */
export function wallClockUrlTemplate(bound: readonly UdpServerAddress[]): string | undefined {
  const hosts = bound.map(({ address }) => (isEveryAddress(address) ? '{{host}}' : hostOfAddress(address)))
  const host = hosts.find((each) => each !== null)
  return host === undefined ? undefined : `udp://${host}:${bound[0]?.port}`
}

function hostOnThisMachine(
  bound: readonly UdpServerAddress[],
  app: readonly BoundAddress[],
  appHost: string | null,
  localAddress: string,
): string | undefined {
  // The name that the client asked a certificate for may have addresses of both families. It will do if the wall clock answers on
  // each that the app answers on.
  const isName = appHost !== null && appHost !== hostOfAddress(localAddress)
  const everywhere = [{ address: '0.0.0.0' }, { address: '::' }]
  const families = everywhere.filter(({ address }) => app.some((each) => isServed([{ address }], each.address)))
  if (isName && families.every(({ address }) => isServed(bound, address))) return appHost

  // An address of the other family on the same interface is next best.
  const canBeAsked = (address: string) => isServed(bound, address) && hostOfAddress(address) !== null
  const address = canBeAsked(localAddress) ? localAddress : neighboursOf(localAddress).find(canBeAsked)
  if (address !== undefined) return hostOfAddress(address) ?? undefined
  return singleHost(bound, isLoopback(localAddress))
}

/** Behind a proxy this machine's own addresses say nothing of how clients reach it. What the proxy is called by is the best guess. */
function hostBehindProxy(bound: readonly UdpServerAddress[], appHost: string | null): string | undefined {
  if (appHost === null) return undefined
  const address = /^[\d.]+$|^\[.*\]$/.test(appHost) ? appHost.replace(/^\[|\]$/g, '') : undefined
  const isReached =
    address === undefined ? bound.some((each) => isEveryAddress(each.address)) : isServed(bound, address)
  if (isReached) return appHost
  return singleHost(bound, address === undefined ? /^localhost\.?$/i.test(appHost) : isLoopback(address))
}

/** The address of a wall clock that is bound to one. Loopback is an address only for clients that are on this machine themselves. */
function singleHost(bound: readonly UdpServerAddress[], isLocal: boolean): string | undefined {
  const addresses = bound.map(({ address }) => address).filter((each) => !isEveryAddress(each))
  const hosts = addresses.filter((each) => isLocal || !isLoopback(each)).map(hostOfAddress)
  return hosts.find((host) => host !== null)
}
