import { type Command, InvalidArgumentError } from 'commander'
import type { CheckRequest } from '../../conformance/index.js'
import { jsonLine, nearestName, visibleLine } from '../../validation/index.js'
import { EXIT, type ExitCode, Output } from '../terminal/index.js'
import {
  ADDRESS_FORMS,
  parseCiiOrUdpAddress,
  parseCount,
  parseSeconds,
  parseSelector,
  parseTsAddress,
  parseUdpAddress,
} from './arguments.js'
import { baseCommand } from './base-command.js'
import { createReportFiles, writeReportFiles } from './check-report-files.js'
import { addDiscoverOption, type DiscoverOption, televisionNamed } from './discovery-options.js'

interface CheckOptions extends DiscoverOption {
  description?: string
  wc?: string
  ts?: string
  selector?: string
  stem?: string
  seconds: number
  only?: string[]
  skip?: string[]
  garbage: boolean
  connections: number
  strict?: boolean
  report?: string
  junit?: string
  json?: boolean
}

/** How long to wait at the end for a reader of the report that is behind. */
const FLUSH_MILLIS = 5000
/** Where the output is not a terminal. */
const DEFAULT_COLUMNS = 80

/** `dvbcss check`: whether a television conforms to the protocols, rule by rule. */
export function checkCommand(): Command {
  const command = baseCommand('check', 'check any television for conformance, rule by rule', [
    'dvbcss check ws://192.168.1.20:7681/cii',
    'dvbcss check --discover "Living room"',
    'dvbcss check --description http://192.168.1.20:8080/dd.xml --report report.html',
    'dvbcss check udp://192.168.1.20:6677 --seconds 30',
    'dvbcss check ws://localhost:7681/cii --selector urn:dvb:css:timeline:temi:1:1',
    `dvbcss check ws://localhost:7681/cii --json | jq -r 'select(.verdict == "fail").rule'`,
  ])
    .argument(
      '[address]',
      `the CSS-CII endpoint: ${ADDRESS_FORMS.cii}; or udp://host:port for a wall clock alone; may be left out with --description or --discover`,
      parseCiiOrUdpAddress,
    )
    .option(
      '--description <url>',
      'URL of the UPnP device description (LOCATION): also check how the television is found',
      parseHttpUrl,
    )
    .option('--wc <address>', 'wall clock to check instead of the one in CII; UDP only', parseUdpAddress)
    .option('--ts <address>', 'CSS-TS endpoint to check instead of the one in CII', parseTsAddress)
    .option(
      '--selector <uri>',
      'timeline to request (default: PTS if CII lists it, else the first in CII)',
      parseSelector,
    )
    .option('--stem <text>', 'contentIdStem to request it with (default: empty, for any content)')
    .option('--seconds <n>', 'how long to observe; a longer time measures rates more precisely', parseSeconds, 5)
    .option('--only <rules>', 'apply only these rules, separated by commas', parseRules)
    .option('--skip <rules>', 'do not apply these rules, separated by commas', parseRules)
    .option('--no-garbage', 'send no invalid messages')
    .option('--connections <n>', 'the most WebSockets to have open at once', parseCount, 2)
    .option('--strict', 'fail for violations of every severity, not only for faults')
    .option('--report <file>', 'write a report for people, as one HTML file')
    .option('--junit <file>', 'write a report for build servers, as JUnit XML')
    .option('--json', 'print one JSON object per rule and line, and the counts in the last line')
    .addHelpText(
      'after',
      '\nThe check ends with malformed messages: a server that cannot handle them will be down afterwards.',
    )
  return addDiscoverOption(command).action(check)
}

function parseHttpUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('Expected an http:// or https:// URL, such as http://192.168.1.20:8080/dd.xml.')
}

function parseRules(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => /^[a-z]+(-[a-z0-9]+)+$/.test(name))) return names
  throw new InvalidArgumentError('Expected names of rules, separated by commas, such as ts-drift,wc-rate.')
}

async function check(
  target: string | undefined,
  { description, discover, interface: interfaces, report: htmlFile, junit, json = false, ...options }: CheckOptions,
  command: Command,
): Promise<void> {
  if (target === undefined && description === undefined && discover === undefined) {
    command.error('error: expected an address, --description or --discover')
  }
  if (discover !== undefined && (target !== undefined || description !== undefined)) {
    command.error('error: expected either --discover or the address of a television, not both')
  }
  const stderr = new Output(process.stderr)
  const stdout = new Output(process.stdout, {
    failed: ({ code, message }) => {
      // The reader may exit before the end, as `head` does: the exit code has the result.
      if (code === 'EPIPE') return
      stderr.write(`dvbcss check: cannot write output: ${message}\n`)
      process.exit(EXIT.failure)
    },
  })
  const exitOn = (signal: NodeJS.Signals, exitCode: ExitCode, text: string): void => {
    process.once(signal, () => {
      stderr.write(`\ndvbcss check: ${text}\n`)
      process.exit(exitCode)
    })
  }
  exitOn('SIGINT', EXIT.interrupted, 'interrupted')
  exitOn('SIGTERM', EXIT.terminated, 'terminated')
  const { CheckUnreachableError, RULE_IDS, runCheck, summarise, untestedReport } = await import(
    '../../conformance/index.js'
  )
  const { reportJson, reportText } = await import('../../conformance/reports/index.js')
  const { wc, ts, ...rest } = options
  for (const id of [...(rest.only ?? []), ...(rest.skip ?? [])]) {
    if (!RULE_IDS.includes(id)) unknownRule(command, id, RULE_IDS)
  }
  const found =
    discover === undefined
      ? undefined
      : await televisionNamed(withoutUndefined({ discover, interface: interfaces, ssdpPort: rest.ssdpPort }))
  if (found !== undefined && 'detail' in found) {
    stderr.write(`dvbcss check: ${visibleLine(found.detail)}\n`)
    process.exit(found.exitCode)
  }
  const urls = { target, descriptionUrl: found?.location ?? description, wcUrl: wc, tsUrl: ts }
  const request: CheckRequest = { ...rest, ...withoutUndefined(urls) }
  const checked = found === undefined ? (target ?? description) : `"${found.name}" (${found.location})`
  if (stderr.isTTY) stderr.write(`${visibleLine(`Observing ${checked} for ${rest.seconds} s…`)}\n`)
  const files = withoutUndefined({ report: htmlFile, junit })
  const version = command.parent?.version() ?? ''
  try {
    await createReportFiles(files)
    const report = await runCheck(request)
    const exitCode = summarise(report).fail > 0 ? EXIT.violation : report.isIncomplete ? EXIT.timedOut : EXIT.success
    const columns = stdout.columns ?? DEFAULT_COLUMNS
    const isColoured = stdout.isTTY && process.env.NO_COLOR === undefined
    const text = json
      ? reportJson(report, { version, exitCode })
      : reportText(report, { columns, isColoured, isShort: stdout.isTTY })
    stdout.write(`${text}\n`)
    process.exitCode = exitCode
    await writeReportFiles(files, report, version)
  } catch (error) {
    if (error instanceof CheckUnreachableError) {
      const exitCode = error.isSilent ? EXIT.timedOut : EXIT.noConnection
      if (json) stdout.write(`${jsonLine({ untested: error.message, exitCode })}\n`)
      stderr.write(`dvbcss check: ${visibleLine(`cannot test ${error.message}`)}\n`)
      process.exitCode = exitCode
      await writeReportFiles(files, untestedReport(request, error.message), version)
    } else if (isFileError(error)) {
      stderr.write(`dvbcss check: ${visibleLine(`cannot write the report: ${error.message}`)}\n`)
      process.exitCode = EXIT.failure
    } else throw error
  }
  await Promise.all([stdout.flushed(FLUSH_MILLIS), stderr.flushed(FLUSH_MILLIS)])
  process.exit()
}

function unknownRule(command: Command, id: string, known: readonly string[]): never {
  const meant = nearestName(id, known)
  command.error(`error: unknown rule '${id}'${meant === undefined ? '' : ` (did you mean ${meant}?)`}`)
}

function withoutUndefined<Value extends object>(
  value: Value,
): { [Name in keyof Value]?: Exclude<Value[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'path' in error
}
