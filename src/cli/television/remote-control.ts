import type { Television, TelevisionCommand } from '../../television/index.js'
import { type StatusSources, statusText } from './status-text.js'

/** The commands that the television reads from standard input, with their meanings. */
const COMMANDS = [
  ['play', 'resume playback'],
  ['pause', 'pause playback'],
  ['seek SECONDS', 'seek to a position'],
  ['speed X', 'play at X times normal speed; negative plays backwards'],
  ['content URI', 'switch to other content'],
  ['status', 'show state and connected companions'],
  ['help', 'list commands'],
] as const

export function commandHelp(): string {
  return COMMANDS.map(([words, meaning]) => `  ${words.padEnd(13)} ${meaning}`).join('\n')
}

/**
 * Executes one line of input.
 * @returns text to print: the new state, or an error.
 */
export function command(app: StatusSources, line: string): string {
  const { television } = app
  const [word = '', ...rest] = line.trim().split(/\s+/)
  const argument = rest.join(' ')
  switch (word) {
    case '':
      return ''
    case 'play':
    case 'pause':
      return execute(television, { name: word })
    case 'seek':
      return withNumber('seek', 'a number of seconds, for example "seek 90.5"', argument, (seconds) =>
        execute(television, { name: 'seek', seconds }),
      )
    case 'speed':
      return withNumber('speed', 'a number, for example "speed 2"', argument, (speed) =>
        execute(television, { name: 'speed', speed }),
      )
    case 'content':
      if (!URL.canParse(argument))
        return `content: expected a URI, for example "content dvb://233a.1004.1044"; received "${argument}"`
      television.setContent(argument)
      return `switching to ${argument}`
    case 'status':
      return statusText(app)
    case 'help':
      return commandHelp()
    default:
      return `unknown command "${word}"; commands:\n${commandHelp()}`
  }
}

/** @returns the new position and speed, or why there are none */
function execute(television: Television, request: TelevisionCommand): string {
  const error = television.execute(request)
  if (error !== undefined) return `${request.name}: ${error}`
  const { page, playback } = television
  // The media element of the page is the timeline: it does the command, and reports.
  if (page !== undefined && playback.isDriven) return `sent to the page at ${page.remoteAddress}, which drives`
  return `position ${playback.positionSeconds.toFixed(3)} s, speed ${playback.speed}`
}

function withNumber(word: string, expected: string, argument: string, act: (value: number) => string): string {
  const value = Number(argument)
  if (argument === '' || !Number.isFinite(value)) return `${word}: expected ${expected}; received "${argument}"`
  return act(value)
}
