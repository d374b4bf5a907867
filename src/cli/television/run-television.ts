import { createInterface } from 'node:readline'
import type { FastifyInstance } from 'fastify'
import * as fastify from 'fastify'
import { ciiPlugin } from '../../../plugins/cii-plugin.js'
import { addressesOfApp, everyAddress, hostsOf } from '../../../plugins/machine-addresses.js'
import { tsPlugin } from '../../../plugins/ts-plugin.js'
import { wallClockPlugin } from '../../../plugins/wall-clock-plugin.js'
import { wallClockWebSocketPlugin } from '../../../plugins/wall-clock-websocket-plugin.js'
import { AddressFilter } from '../../server/endpoint/index.js'
import { visibleLine, visibleLines } from '../../validation/index.js'
import { logText, Output } from '../terminal/index.js'
import { LoggingTsServer } from './logging-ts-server.js'
import { command } from './remote-control.js'
import { Television, TIMELINES } from './television.js'
import type { TvLimits } from './tv-limits.js'

export interface TvOptions extends TvLimits {
  host?: string
  port: number
  wcPort: number
  contentId: string
  logLevel: string
}

/** How long the end waits for whoever reads the log. */
const FLUSH_MILLIS = 500
/** How long after a signal the process exits, whatever is still open: within the promised 2 s, also on a busy machine. */
const CLOSE_MILLIS = 1400
/** A client that does not complete its request is disconnected after 10 s. Node's own limits are minutes, or none. */
const REQUEST_LIMITS = {
  requestTimeout: 10_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
}

/** Runs a television until a signal ends it. */
export async function runTelevision(options: TvOptions): Promise<void> {
  let end = (): void => process.exit(0)
  const stdout = new Output(process.stdout, {
    failed: ({ code }) => {
      // Whoever read the log has ended, as `head` does. A full disk, though, does not end the television.
      if (code === 'EPIPE') end()
    },
  })
  const stderr = new Output(process.stderr)
  const app = await buildApp(options, stdout)
  const television = new Television(app, { contentId: options.contentId })
  app.addHook('onClose', async () => television.stop())
  try {
    await app.listen({ host: options.host ?? everyAddress(), port: options.port })
  } catch (error) {
    stderr.write(`dvbcss tv: ${visibleLine(explain(error as NodeJS.ErrnoException))}\n`)
    process.exitCode = 1
    await app.close()
    return
  }
  end = closeOnSignal(app, stdout)
  stdout.write(`${greeting(app)}\n`)
  // The television runs on when its input ends: without a terminal there is nobody to type.
  // Or its terminal is closed: SIGHUP ends the process.
  process.stdin.on('error', () => {})
  const console = createInterface({ input: process.stdin })
  console.on('line', (line) => {
    const answer = command(television, line)
    if (answer !== '') stdout.write(`${visibleLines(answer.split('\n')).join('\n')}\n`)
  })
}

function explain(error: NodeJS.ErrnoException): string {
  const tcpPortTaken = error.code === 'EADDRINUSE' && error.syscall === 'listen'
  return tcpPortTaken
    ? `${error.message}: stop what holds it, or give another --port (0 picks a free one)`
    : error.message
}

async function buildApp(options: TvOptions, stdout: Output): Promise<FastifyInstance> {
  const { host, wcPort, logLevel, allow, deny, maxRequestsPerSecond } = options
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
  const filter = AddressFilter.of(networks)
  app.get('/health', async (request, reply) => {
    if (filter?.isServed(request.ip) === false) return reply.code(403).send()
    return health(app)
  })
  return app
}

/** The first versions of Fastify 5 have no `LogController`; those that have one deprecate the option. */
function withoutRequestLog(): fastify.FastifyServerOptions {
  return 'LogController' in fastify
    ? { logController: new fastify.LogController({ disableRequestLogging: true }) }
    : { disableRequestLogging: true }
}

/** For whoever watches over the process. */
function health(app: FastifyInstance): object {
  const { contentId, contentIdStatus } = app.cii.cii
  const { requests, answers } = app.wallClockServer.statistics
  const connections = {
    cii: app.cii.statistics.open,
    ts: app.ts.statistics.open,
    wc: app.wallClockWebSocket.statistics.open,
  }
  return { status: 'ok', contentId, contentIdStatus, connections, wallClock: { requests, answers } }
}

/**
 * The first signal closes the app, and then exits. The second exits at once.
 * @returns what the first signal does.
 */
function closeOnSignal(app: FastifyInstance, stdout: Output): () => void {
  let closing = false
  let leave = (code: number): void => process.exit(code)
  const exit = async (code: number): Promise<void> => {
    await stdout.flushed(FLUSH_MILLIS)
    leave(code)
  }
  const close = (): void => {
    if (closing) return
    closing = true
    setTimeout(() => {
      app.log.warn('closing takes too long; exiting with connections open')
      leave(0)
    }, CLOSE_MILLIS).unref()
    app.close().then(
      () => exit(0),
      (error: unknown) => {
        app.log.error({ err: error }, 'could not close in good order')
        return exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)) {
        leave = dieOfHangUp
      }
      if (closing) leave(1)
      close()
    })
  }
  return close
}

/** The terminal is gone. Node 20 aborts in process.exit() then, because it cannot restore the terminal's settings. */
function dieOfHangUp(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

function greeting(app: FastifyInstance): string {
  const addresses = addressesOfApp(app).flatMap(({ address, port }) => hostsOf(address).map((host) => ({ host, port })))
  const wallClocks = app.wallClockServer.addresses.flatMap(({ address, port }) =>
    hostsOf(address).map((host) => ({ host, port })),
  )
  const lines = [
    '',
    'This television is on. Companions connect to:',
    ...addresses.map(({ host, port }) => `  CSS-CII  ws://${host}:${port}/cii`),
    ...(addresses.length === 0 ? ['  (no URL can name a link-local address; choose another --host)'] : []),
    'and find the rest from there:',
    ...addresses.map(({ host, port }) => `  CSS-TS   ws://${host}:${port}/ts`),
    ...wallClocks.map(({ host, port }) => `  CSS-WC   udp://${host}:${port}`),
    ...addresses.map(({ host, port }) => `  CSS-WC   ws://${host}:${port}/wc (for companions without UDP)`),
    'Timelines:',
    ...Object.values(TIMELINES).map(({ selector, ticksPerSecond }) => `  ${selector} (${ticksPerSecond} ticks/s)`),
    'Type a command, or "help":',
  ]
  return lines.join('\n')
}
