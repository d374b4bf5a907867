import { isIP } from 'node:net'
import { createInterface } from 'node:readline'
import type { FastifyInstance } from 'fastify'
import * as fastify from 'fastify'
import { app2appPlugin } from '../../../plugins/app2app-plugin.js'
import { ciiPlugin } from '../../../plugins/cii-plugin.js'
import { type Discovery, discoveryPlugin } from '../../../plugins/discovery-plugin.js'
import { addressesOfApp, everyAddress, hostsOf } from '../../../plugins/machine-addresses.js'
import { televisionPlugin } from '../../../plugins/television-plugin.js'
import { companionUrl } from '../../../plugins/television-settings.js'
import { tsPlugin } from '../../../plugins/ts-plugin.js'
import { wallClockPlugin } from '../../../plugins/wall-clock-plugin.js'
import { wallClockWebSocketPlugin } from '../../../plugins/wall-clock-websocket-plugin.js'
import { AddressFilter, type Authority } from '../../server/endpoint/index.js'
import { TIMELINES } from '../../television/index.js'
import { DvbcssError, isLoopback, visibleLine, visibleLines } from '../../validation/index.js'
import { EXIT, type ExitCode, Output } from '../terminal/index.js'
import { logText } from './log-text.js'
import { LoggingTsServer } from './logging-ts-server.js'
import { command } from './remote-control.js'
import type { TvLimits } from './tv-limits.js'

export interface TvOptions extends TvLimits {
  host?: string
  port: number
  wcPort: number
  /** Whether companions find the television by SSDP and DIAL. */
  discovery: boolean
  friendlyName?: string
  ssdpPort?: number
  /** Default: one of a broadcast; with `mpd` the URL of the manifest. */
  contentId?: string
  logLevel: string
  /** The address of this machine at which others can open the control page. */
  controlHost?: string
  controlToken?: string
  /** A media file, a folder or a URL. */
  media?: string
  /** The URL of a DASH manifest. */
  mpd?: string
}

interface HostAndPort {
  readonly host: string
  readonly port: number
}

const SIGNAL_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const
/** How long to wait at the end for a reader of the log that is behind. */
const FLUSH_MILLIS = 500
/** How long after a signal the process exits, whatever is still open: within the documented 2 s, also on a busy machine. */
const CLOSE_MILLIS = 1400
/** Disconnects clients whose request is incomplete after 10 s. Node's own limits are minutes, or none. */
const REQUEST_LIMITS = {
  requestTimeout: 10_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
}

/** Runs a television emulator until a signal stops it. */
export async function runTelevision(options: TvOptions): Promise<void> {
  let end = (): void => process.exit(EXIT.success)
  const stdout = new Output(process.stdout, {
    failed: ({ code }) => {
      // The reader of the log has exited, as `head` does. A full disk, in contrast, does not stop the television.
      if (code === 'EPIPE') end()
    },
  })
  const stderr = new Output(process.stderr)
  let app: FastifyInstance
  try {
    app = await buildApp(options, stdout)
  } catch (error) {
    if (!(error instanceof DvbcssError)) throw error
    stderr.write(`dvbcss tv: ${visibleLine(error.message)}\n`)
    process.exitCode = EXIT.failure
    return
  }
  try {
    await app.listen({ host: options.host ?? everyAddress(), port: options.port })
  } catch (error) {
    stderr.write(`dvbcss tv: ${visibleLine(listenErrorText(error as NodeJS.ErrnoException))}\n`)
    process.exitCode = isBindError(error) ? EXIT.cannotBind : EXIT.failure
    await app.close()
    return
  }
  end = closeOnSignal(app, stdout)
  if (options.discovery) await app.discovery.started
  stdout.write(`${greeting(app, options)}\n`)
  // The end of the input does not stop the television: it may run without a terminal. If its terminal is closed, SIGHUP
  // ends the process.
  process.stdin.on('error', () => {})
  const console = createInterface({ input: process.stdin })
  console.on('line', (line) => {
    const answer = command(app, line)
    if (answer !== '') stdout.write(`${visibleLines(answer.split('\n')).join('\n')}\n`)
  })
}

function listenErrorText(error: NodeJS.ErrnoException): string {
  const isTcpPortInUse = error.code === 'EADDRINUSE' && error.syscall === 'listen'
  return isTcpPortInUse
    ? `${error.message}: stop the process using it, or choose another --port (0 chooses a free one)`
    : error.message
}

/** Whether the system refused an address or port, TCP or UDP, or does not know the host. */
function isBindError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall, cause } = error as NodeJS.ErrnoException
  return /^(listen|bind|getaddrinfo)$/.test(syscall ?? '') || code === 'DVBCSS_ERR_BIND' || isBindError(cause)
}

async function buildApp(options: TvOptions, stdout: Output): Promise<FastifyInstance> {
  const { host, wcPort, logLevel, allow, deny, maxRequestsPerSecond, controlHost, controlToken } = options
  const { maxConnections, maxConnectionsPerAddress, maxHandshakesPerSecond, maxMessagesPerSecond } = options
  const networks = { ...(allow && { allow }), ...(deny && { deny }) }
  const limits = {
    maxConnections,
    maxConnectionsPerAddress,
    maxHandshakesPerSecond,
    maxMessagesPerSecond,
    ...networks,
  }
  const text = logText(stdout.isTTY)
  const stream = { write: (line: string) => stdout.write(text(line)) }
  const app = fastify.fastify({
    logger: { level: logLevel, stream },
    ...withoutRequestLog(),
    forceCloseConnections: true,
    ...REQUEST_LIMITS,
  })
  await app.register(wallClockPlugin, {
    port: wcPort,
    maxRequestsPerSecond,
    ...networks,
    ...(host === undefined ? {} : { host }),
  })
  // The BBC's companions take an absent list of timelines for an empty one.
  await app.register(ciiPlugin, { prefix: '/cii', repeatedProperties: ['timelines'], ...limits })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc', ...limits })
  await app.register(tsPlugin, { prefix: '/ts', handler: LoggingTsServer, ...limits })
  await app.register(app2appPlugin, {
    prefix: '/app2app',
    localAllow: ownAddresses(host),
    ...limits,
    // Nothing that applications send each other is dropped: back-pressure slows down those that send too much.
    maxMessagesPerSecond: Number.POSITIVE_INFINITY,
  })
  const filter = AddressFilter.of(networks)
  app.addHook('onRequest', async (request, reply) => {
    // The endpoints refuse handshakes by themselves, and count them.
    if (!request.ws && filter?.isServed(request.ip) === false) return reply.code(403).send()
  })
  if (options.discovery) {
    const { friendlyName, ssdpPort } = options
    await app.register(discoveryPlugin, {
      ...(friendlyName !== undefined && { friendlyName }),
      ...(ssdpPort !== undefined && { port: ssdpPort }),
    })
  }
  await app.register(televisionPlugin, {
    ...(options.contentId !== undefined && { contentId: options.contentId }),
    ...(options.media !== undefined && { media: options.media }),
    ...(options.mpd !== undefined && { mpd: options.mpd }),
    ...(options.friendlyName !== undefined && { friendlyName: options.friendlyName }),
    ...(controlHost !== undefined && { controlHost }),
    ...(controlToken !== undefined && { controlToken }),
    ...limits,
  })
  // Who types the address of the television wants to see it.
  app.get('/', async (_request, reply) => reply.redirect('tv'))
  app.get('/health', async () => health(app))
  return app
}

/** From where applications of this machine connect: loopback, or the address that they have to connect to. */
function ownAddresses(host: string | undefined): string[] {
  const isSpecific = host !== undefined && isIP(host) !== 0 && !host.includes('%')
  return ['127.0.0.0/8', '::1', ...(isSpecific ? [host] : [])]
}

/** The first versions of Fastify 5 have no `LogController`; those that have one deprecate the option. */
function withoutRequestLog(): fastify.FastifyServerOptions {
  return 'LogController' in fastify
    ? { logController: new fastify.LogController({ disableRequestLogging: true }) }
    : { disableRequestLogging: true }
}

/** For monitoring. */
function health(app: FastifyInstance): object {
  const { contentId, contentIdStatus } = app.cii.cii
  const { requests, answers } = app.wallClockServer.statistics
  const connections = {
    cii: app.cii.statistics.open,
    ts: app.ts.statistics.open,
    wc: app.wallClockWebSocket.statistics.open,
    app2app: app.app2app.local.statistics.open + app.app2app.remote.statistics.open,
  }
  return { status: 'ok', contentId, contentIdStatus, connections, wallClock: { requests, answers } }
}

/**
 * The first signal closes the app, then exits with success. A second one exits at once with the signal's code.
 * @returns the function that the first signal calls.
 */
function closeOnSignal(app: FastifyInstance, stdout: Output): () => void {
  let closing = false
  let leave = (code: ExitCode): void => process.exit(code)
  const exit = async (code: ExitCode): Promise<void> => {
    await stdout.flushed(FLUSH_MILLIS)
    leave(code)
  }
  const close = (): void => {
    if (closing) return
    closing = true
    setTimeout(() => {
      app.log.warn('shutdown timed out; exiting with open connections')
      leave(EXIT.success)
    }, CLOSE_MILLIS).unref()
    app.close().then(
      () => exit(EXIT.success),
      (error: unknown) => {
        app.log.error({ err: error }, 'graceful shutdown failed')
        return exit(EXIT.failure)
      },
    )
  }
  for (const [signal, code] of Object.entries(SIGNAL_CODES)) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)) {
        leave = exitBySighup
      }
      if (closing) leave(code)
      close()
    })
  }
  return close
}

/** Without its terminal, Node 20 aborts in process.exit(), because it cannot restore the terminal's settings. */
function exitBySighup(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/** The address at which a browser of this machine reaches the television. */
function authorityOf(address: HostAndPort | undefined): Authority {
  return { secure: false, host: address?.host ?? 'localhost', port: address?.port ?? 0 }
}

function greeting(app: FastifyInstance, { discovery, controlToken }: TvOptions): string {
  const addresses = addressesOfApp(app).flatMap(({ address, port }) => hostsOf(address).map((host) => ({ host, port })))
  const wallClocks = app.wallClockServer.addresses.flatMap(({ address, port }) =>
    hostsOf(address).map((host) => ({ host, port })),
  )
  const nearest = addresses.find(({ host }) => isLoopback(host)) ?? addresses[0]
  const pages = `http://${nearest?.host ?? 'localhost'}:${nearest?.port}`
  const token = controlToken === undefined ? '' : `#token=${encodeURIComponent(controlToken)}`
  const lines = [
    '',
    'Television emulator running. In a browser on this machine:',
    `  picture  ${pages}/tv`,
    `  control  ${pages}/control${token}`,
    'On a phone:',
    `  follow   ${companionUrl(app, authorityOf(nearest), '')}`,
    'Connect companions to:',
    ...addresses.map(({ host, port }) => `  CSS-CII  ws://${host}:${port}/cii`),
    ...(addresses.length === 0 ? ['  (a URL cannot contain a link-local address; choose another --host)'] : []),
    'That endpoint announces the others:',
    ...addresses.map(({ host, port }) => `  CSS-TS   ws://${host}:${port}/ts`),
    ...wallClocks.map(({ host, port }) => `  CSS-WC   udp://${host}:${port}`),
    ...addresses.map(({ host, port }) => `  CSS-WC   ws://${host}:${port}/wc (for companions without UDP)`),
    'App2App: companions connect to /app2app/remote/, applications on this machine to /app2app/local/',
    ...(discovery ? [discoveryLine(app.discovery)] : []),
    'Timelines:',
    ...Object.values(TIMELINES).map(({ selector, ticksPerSecond }) => `  ${selector} (${ticksPerSecond} ticks/s)`),
    'Type a command, or "help":',
  ]
  return lines.join('\n')
}

function discoveryLine({ friendlyName, interfaces, failure }: Discovery): string {
  const name = visibleLine(friendlyName)
  if (failure !== undefined) return `Companions cannot find "${name}": ${visibleLine(failure.message)}`
  return `Companions find it as "${name}" by SSDP on ${interfaces.join(', ')}`
}
