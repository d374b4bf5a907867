import { Command, InvalidArgumentError, Option } from 'commander'
import { visibleLine } from '../../validation/index.js'
import { addLimitOptions, commandHelp, contradiction, type TvOptions } from '../television/index.js'

const DEFAULT_CONTENT_ID = 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M'
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
    .action(start)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port number from 0 to 65535.')
}

async function start(options: TvOptions, tv: Command): Promise<void> {
  const wrong = contradiction(options)
  if (wrong !== undefined) tv.error(`error: ${visibleLine(wrong)}`)
  // Only here: the companion's tools need no Fastify, and start sooner without it.
  const { runTelevision } = await import('../television/run-television.js')
  await runTelevision(options)
}
