import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError, Option } from 'commander'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import { ciiPlugin } from '../../plugins/cii-plugin.js'
import { addressesOfApp, everyAddress, hostsOf } from '../../plugins/machine-addresses.js'
import { tsPlugin } from '../../plugins/ts-plugin.js'
import { wallClockPlugin } from '../../plugins/wall-clock-plugin.js'
import { wallClockWebSocketPlugin } from '../../plugins/wall-clock-websocket-plugin.js'
import { AddressFilter } from '../server/address-filter.js'
import { logText } from './log-text.js'
import { LoggingTsServer } from './logging-ts-server.js'
import { Output } from './output.js'
import { command, commandHelp } from './remote-control.js'
import { Television, TIMELINES } from './television.js'
import { visibleLine, visibleLines } from './terminal-text.js'
import { addLimitOptions, contradiction, type TvLimits } from './tv-limits.js'

interface TvOptions extends TvLimits {
  host?: string
  port: number
  wcPort: number
  contentId: string
  logLevel: string
}

const DEFAULT_CONTENT_ID = 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M'
/** How long the end waits for whoever reads the log. */
const FLUSH_MILLIS = 500
/** How long after a signal the process exits, whatever is still open: within the promised 2 s, also on a busy machine. */
const CLOSE_MILLIS = 1400
/** A client that does not complete its request is disconnected after 10 s. Node's own limits are minutes, or none. */
const REQUEST_LIMITS = {
  requestTimeout: 10_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
}
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** `dvbcss tv`: a television for companions to talk to. */
export function tvCommand(): Command {
  const tv = new Command('tv')
    .description(
      'run a television: CSS-CII at /cii, CSS-TS at /ts, CSS-WC over UDP, and at /wc for companions without UDP',
    )
    .option('--host <address>', 'address to listen on, for all three (default: every address, IPv4 and IPv6)')
    .option('--port <port>', 'TCP port of CII and TS; 0 picks a free one', parsePort, 7681)
    .option('--wc-port <port>', 'UDP port of the wall clock; 0 picks a free one', parsePort, 6677)
    .option('--content-id <uri>', 'content id of what is on', DEFAULT_CONTENT_ID)
    .addOption(new Option('--log-level <level>', 'how much to log').choices(LOG_LEVELS).default('info'))
  return addLimitOptions(tv)
    .addHelpText('after', `\nCommands that it reads from the terminal:\n${commandHelp()}`)
    .addHelpText('after', '\nExamples:\n  dvbcss tv\n  dvbcss tv --host 127.0.0.1 --port 8080 --log-level debug')
    .action(runTelevision)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port number from 0 to 65535.')
}

async function runTelevision(options: TvOptions, tv: Command): Promise<void> {
  const wrong = contradiction(options)
  if (wrong !== undefined) tv.error(`error: ${visibleLine(wrong)}`)
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
  const logController = new LogController({ disableRequestLogging: true })
  const app = Fastify({
    logger: { level: logLevel, stream },
    logController,
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
