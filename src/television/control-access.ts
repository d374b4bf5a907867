import { createHash, timingSafeEqual } from 'node:crypto'
import type { Connection } from '../server/endpoint/index.js'
import { isEveryAddress, isLoopback, withoutMapping } from '../validation/index.js'
import type { PageRefusal, PageRole } from './protocol/index.js'

/** Who may use the control page. */
export interface ControlAccess {
  /** The address of this machine at which it is served to others; `0.0.0.0` or `::` for every address. Undefined: to this machine only. */
  readonly controlHost: string | undefined
  /** The token that a control page must send; undefined if none is required. */
  readonly controlToken: string | undefined
}

const REMOTE =
  'The control page is available only on the machine that runs the television. To open it to others, start the television with --control-host.'
const TOKEN =
  'This control page needs a token. Open it at the address that the television printed, which ends with the token.'
const ORIGIN = 'This connection was opened by a page from another site. Open the page of the television itself.'

/** @returns why a page is not served; undefined if it is */
export function refusalOf(
  connection: Connection,
  role: PageRole,
  token: string | undefined,
  access: ControlAccess,
): PageRefusal | undefined {
  const { host, origin } = connection.handshake.headers
  // Other sites' pages can connect to any address that their reader can reach. Only programs send no origin.
  if (typeof origin === 'string' && hostOfUrl(origin) !== host) return refused('origin', ORIGIN)
  if (role !== 'control') return undefined
  if (!isServedAt(connection.remoteAddress, connection.localAuthority.localAddress, hostOf(host), access))
    return refused('remote', REMOTE)
  const { controlToken } = access
  if (controlToken === undefined || (token !== undefined && equal(token, controlToken))) return undefined
  return refused('token', TOKEN)
}

/** Whether the control page is served to a client, leaving the token aside. */
export function isServedAt(
  remoteAddress: string,
  localAddress: string | undefined,
  hostName: string,
  { controlHost, controlToken }: ControlAccess,
): boolean {
  const remote = withoutMapping(remoteAddress)
  // Without a token, a name that somebody else's DNS leads to this machine must not do.
  if (isLoopback(remote)) return controlToken !== undefined || isLoopbackName(hostName)
  if (controlHost === undefined) return false
  if (isEveryAddress(controlHost)) return true
  return localAddress !== undefined && withoutMapping(localAddress) === withoutMapping(controlHost)
}

function isLoopbackName(host: string): boolean {
  return isLoopback(host) || host.toLowerCase().endsWith('.localhost')
}

function hostOf(authority: unknown): string {
  return typeof authority === 'string' ? authority.replace(/:\d+$/, '') : ''
}

function hostOfUrl(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined
}

/** In constant time; the digests make both the same length. */
function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function refused(reason: PageRefusal['reason'], detail: string): PageRefusal {
  return { type: 'refused', reason, detail }
}
