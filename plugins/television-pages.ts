import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { renderSVG } from 'uqr'
import { type ControlAccess, isServedAt, type PageRole } from '../src/television/index.js'
import { isLoopback } from '../src/validation/index.js'
import { requestAuthority, SharedAuthorities } from './request-authority.js'
import type { SentFiles } from './sent-files.js'
import { companionUrl } from './television-settings.js'

/** Where the pages connect to, below the prefix of the plugin. */
export const LIVE_PATH = '/pages/live'

/** The bundles are beside those of the plugins, whichever of them this module is part of. */
const PAGES = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../dist/pages/' : '../pages/', import.meta.url))

const ROLES: readonly PageRole[] = ['tv', 'companion', 'control']
const FILES = [...ROLES.flatMap((role) => [`${role}.js`, `${role}-style.css`]), 'icon.svg']

const REMOTE =
  'The control page is available only on the machine that runs the television. To open it to others, start the television with --control-host, or set the option controlHost.\n'

export interface PageRoutesOptions {
  readonly access: ControlAccess
  readonly files: SentFiles
  /** Other origins from which the pages may load media. Default: none. */
  readonly mediaOrigins?: readonly string[]
  /** The script that plays DASH streams. Default: none. */
  readonly dashPlayer?: string | undefined
}

/** Adds the documents of the pages, their scripts and style sheets, and the QR code of the companion page. */
export function addPageRoutes(
  scope: FastifyInstance,
  { access, files, mediaOrigins = [], dashPlayer }: PageRoutesOptions,
): void {
  const policy = contentSecurityPolicy(mediaOrigins)
  const authorities = new SharedAuthorities()
  for (const role of ROLES) {
    scope.get(`/${role}`, async (request, reply) => {
      const { localAddress } = request.raw.socket
      if (role === 'control' && !isServedAt(request.ip, localAddress, request.hostname, access)) {
        return reply.code(403).type('text/plain; charset=utf-8').send(REMOTE)
      }
      reply.headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer' })
      // At plain http addresses of the network browsers ignore it, and report an error on the console.
      if (request.protocol === 'https' || isLoopback(request.hostname)) {
        reply.header('cross-origin-opener-policy', 'same-origin')
      }
      return files.send(request, reply, join(PAGES, `${role}.html`))
    })
  }
  for (const file of FILES) {
    scope.get(`/pages/${file}`, async (request, reply) => files.send(request, reply, join(PAGES, file)))
  }
  if (dashPlayer !== undefined) {
    scope.get('/pages/dash.js', async (request, reply) => files.send(request, reply, dashPlayer))
  }
  scope.get('/pages/companion-qr.svg', async (request, reply) => {
    const url = companionUrl(scope, requestAuthority(request, authorities), scope.prefix)
    return reply
      .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      .type('image/svg+xml')
      .send(renderSVG(url))
  })
}

/** No script and no style but those of the pages, and no request to any other host but for media. */
function contentSecurityPolicy(mediaOrigins: readonly string[]): string {
  const origins = ["'self'", ...mediaOrigins].join(' ')
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `media-src ${origins} blob:`,
    `connect-src ${origins}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
