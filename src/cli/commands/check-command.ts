import { Command, InvalidArgumentError } from 'commander'
import { type CheckRequest, reportJson, reportText, runCheck, summarise } from '../../conformance/index.js'
import { isWebSocketUrl, jsonLine, parseUdpUrl, visibleLine } from '../../validation/index.js'
import { Output } from '../terminal/index.js'

interface CheckOptions {
  wc?: string
  ts?: string
  selector?: string
  stem?: string
  seconds: number
  json?: boolean
}

const EXIT = { kept: 0, broken: 1, untested: 2, interrupted: 130 } as const
const MAX_SECONDS = 86_400
/** How long the end waits for whoever reads the report. */
const FLUSH_MILLIS = 5000

/** `dvbcss check`: whether a television keeps to the protocols, rule by rule. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a television against the protocols, rule by rule: ours, or anybody’s')
    .argument('<url>', 'its CSS-CII endpoint, ws://…; or udp://host:port for a wall clock alone', parseTarget)
    .option('--wc <url>', 'wall clock to check, instead of the one that CII names', parseWc)
    .option('--ts <url>', 'CSS-TS endpoint to check, instead of the one that CII names', parseTs)
    .option('--selector <uri>', 'timeline to ask for (default: PTS if CII lists it, else the first that it lists)')
    .option('--stem <text>', 'contentIdStem to ask for it with (default: the empty one, for any content)')
    .option('--seconds <n>', 'how long to watch; longer measures rates more finely', parseSeconds, 5)
    .option('--json', 'one JSON object a line: one for each rule, and the counts in the last')
    .addHelpText(
      'after',
      `
Malformed messages are sent at the end: a server that does not withstand them is down afterwards.

Exit codes:
  0    every rule that could be tried was kept (warnings count as kept)
  1    a rule was broken
  2    it could not be tested, or not all of it in time; or the command line is wrong
  130  interrupted

Examples:
  dvbcss check ws://192.168.1.20:7681/cii
  dvbcss check udp://192.168.1.20:6677 --seconds 30
  dvbcss check ws://localhost:7681/cii --selector urn:dvb:css:timeline:temi:1:1
  dvbcss check ws://localhost:7681/cii --json | jq -r 'select(.verdict == "fail").rule'`,
    )
    .showHelpAfterError('(dvbcss check --help tells what it takes)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.kept : EXIT.untested))
    .action(check)
}

async function check(target: string, { wc, ts, seconds, json = false, ...rest }: CheckOptions): Promise<void> {
  const request: CheckRequest = {
    target,
    seconds,
    ...rest,
    ...(wc === undefined ? {} : { wcUrl: wc }),
    ...(ts === undefined ? {} : { tsUrl: ts }),
  }
  // Whoever reads the output may have seen enough: the exit code says the rest.
  const stdout = new Output(process.stdout)
  const stderr = new Output(process.stderr)
  process.once('SIGINT', () => {
    stderr.write('\ndvbcss check: interrupted\n')
    process.exit(EXIT.interrupted)
  })
  if (stderr.isTTY) stderr.write(`${visibleLine(`Watching ${target} for ${seconds} s…`)}\n`)
  try {
    const reports = await runCheck(request)
    const isIncomplete = reports.some(({ incomplete }) => incomplete !== undefined)
    const exitCode = summarise(reports).fail > 0 ? EXIT.broken : isIncomplete ? EXIT.untested : EXIT.kept
    const coloured = stdout.isTTY && process.env.NO_COLOR === undefined
    stdout.write(`${json ? reportJson(reports, exitCode) : reportText(reports, coloured)}\n`)
    process.exitCode = exitCode
  } catch (error) {
    const { message } = error as Error
    if (json) stdout.write(`${jsonLine({ untested: message, exitCode: EXIT.untested })}\n`)
    stderr.write(`dvbcss check: ${visibleLine(`could not test ${message}`)}\n`)
    process.exitCode = EXIT.untested
  }
  await Promise.all([stdout.flushed(FLUSH_MILLIS), stderr.flushed(FLUSH_MILLIS)])
  process.exit()
}

function parseTarget(text: string): string {
  if (isWebSocketUrl(text) || parseUdpUrl(text) !== undefined) return text
  throw new InvalidArgumentError('Expected ws://…, wss://… or udp://host:port.')
}

function parseWc(text: string): string {
  if (parseUdpUrl(text) !== undefined) return text
  throw new InvalidArgumentError('Expected udp://host:port.')
}

function parseTs(text: string): string {
  if (isWebSocketUrl(text)) return text
  throw new InvalidArgumentError('Expected ws://… or wss://….')
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new InvalidArgumentError(`Expected a number of seconds above 0, up to ${MAX_SECONDS}.`)
}
