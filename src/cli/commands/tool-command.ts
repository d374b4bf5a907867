import { Command, InvalidArgumentError } from 'commander'
import { isWebSocketUrl, parseUdpUrl } from '../../validation/index.js'
import { EXIT } from './tool-run.js'

const MAX_SECONDS = 1_000_000

const EXIT_CODES = `
Exit codes:
  0    ended as was asked: after --count or --seconds, or because nobody reads the output any more
  1    could not connect or lost the connection with --no-retry; or nothing was heard until the end
  2    the command line is wrong
  130  interrupted with Ctrl-C (143: terminated)`

/** A command with the options, the help and the exit codes that all the companion's tools have. */
export function toolCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'one JSON object a line, each with its "event"; never an escape code')
    .option('--seconds <n>', 'stop after so many seconds', parseSeconds)
    .option('--no-retry', 'stop when a connection fails or is lost, instead of trying again')
    .addHelpText('after', `${EXIT_CODES}\n\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
    .showHelpAfterError(`(dvbcss ${name} --help tells what it takes)`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ended : EXIT.usage))
}

export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d*\.?\d+$/.test(text) && seconds >= 0.001 && seconds <= MAX_SECONDS) return seconds
  throw new InvalidArgumentError(`Expected seconds from 0.001 to ${MAX_SECONDS}.`)
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= Number.MAX_SAFE_INTEGER) return count
  throw new InvalidArgumentError('Expected a whole number from 1 upward.')
}

export function parseWebSocketUrl(text: string): string {
  if (isWebSocketUrl(text)) return text
  throw new InvalidArgumentError('Expected a URL ws://… or wss://….')
}

/** `udp://host:port`, `ws://…`, `wss://…`, or `host:port` for UDP. @returns a URL. */
export function parseWallClockUrl(text: string): string {
  if (isWebSocketUrl(text)) return text
  const url = /^udp:\/\//i.test(text) ? text : `udp://${text}`
  if (parseUdpUrl(url) !== undefined) return url
  throw new InvalidArgumentError('Expected udp://host:port, host:port, ws://… or wss://….')
}

export function parseSelector(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a URI, as urn:dvb:css:timeline:pts.')
}

/** `90000`, or a fraction as `30000/1001`. */
export function parseTickRate(text: string): number {
  const [, ticks, seconds = '1'] = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(text) ?? []
  const rate = Number(ticks) / Number(seconds)
  if (Number.isFinite(rate) && rate > 0) return rate
  throw new InvalidArgumentError('Expected ticks per second above 0, as 90000 or 30000/1001.')
}
