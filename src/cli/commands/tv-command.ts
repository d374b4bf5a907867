import { randomBytes } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { visibleLine } from '../../validation/index.js'
import { addLimitOptions, commandHelp, networksProblem, type TvOptions } from '../television/index.js'
import { parseLocalPort, parsePort } from './arguments.js'
import { baseCommand } from './base-command.js'

const DEFAULT_CONTENT_ID = 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M'
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** `dvbcss tv`: a television emulator. */
export function tvCommand(): Command {
  const tv = baseCommand(
    'tv',
    'run a television emulator: CSS-CII at /cii, CSS-TS at /ts, CSS-WC over UDP and, for companions without UDP, at /wc; App2App at /app2app; pages at /tv, /companion and /control',
    [
      'dvbcss tv',
      'dvbcss tv --friendly-name "Living room"',
      'dvbcss tv --host 127.0.0.1 --port 8080 --log-level debug',
    ],
  )
    .option('--host <address>', 'address to listen on, for all endpoints (default: all addresses, IPv4 and IPv6)')
    .option('--port <port>', 'TCP port of CII and TS; 0 chooses a free one', parseLocalPort, 7681)
    .option('--wc-port <port>', 'UDP port of the wall clock; 0 chooses a free one', parseLocalPort, 6677)
    .option('--no-discovery', 'do not announce the television by SSDP and DIAL')
    .option('--friendly-name <name>', 'name announced to companions (default: the name of this machine)', parseName)
    .option('--ssdp-port <port>', 'UDP port of SSDP (default: 1900)', parsePort)
    .addOption(
      new Option(
        '--media <media>',
        'what the pages show: a media file, a folder of media files, or a URL (default: a test clip)',
      ).conflicts('mpd'),
    )
    .option('--mpd <url>', 'DASH stream that the pages show instead; needs the package dashjs')
    .option('--content-id <uri>', `initial content id (default: ${DEFAULT_CONTENT_ID}, or the URL of the DASH stream)`)
    .option(
      '--control-host <address>',
      'local address at which other machines may open the control page; 0.0.0.0 or :: for every address',
    )
    .addOption(
      new Option(
        '--control-token <token>',
        'token required to open the control page (default: none; with --control-host a random one)',
      ).env('DVBCSS_CONTROL_TOKEN'),
    )
    .addOption(new Option('--log-level <level>', 'lowest level to log').choices(LOG_LEVELS).default('info'))
  return addLimitOptions(tv)
    .addHelpText('after', `\nCommands read from standard input:\n${commandHelp()}`)
    .action(start)
}

function parseName(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('Expected a name.')
}

async function start(options: TvOptions, tv: Command): Promise<void> {
  const problem = networksProblem(options)
  if (problem !== undefined) tv.error(`error: ${visibleLine(problem)}`)
  // Imported only here, because the other tools start faster without Fastify.
  const { runTelevision } = await import('../television/run-television.js')
  const { contentId = options.mpd === undefined ? DEFAULT_CONTENT_ID : undefined, ...others } = options
  const controlToken = options.controlToken ?? (options.controlHost && randomBytes(12).toString('base64url'))
  await runTelevision({ ...others, ...(contentId && { contentId }), ...(controlToken && { controlToken }) })
}
