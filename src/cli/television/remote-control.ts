import type { Television } from './television.js'

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
export function command(television: Television, line: string): string {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  const argument = rest.join(' ')
  switch (word) {
    case '':
      return ''
    case 'play':
      television.play()
      return positionAndSpeed(television)
    case 'pause':
      television.pause()
      return positionAndSpeed(television)
    case 'seek':
      return withNumber('seek', 'a number of seconds, for example "seek 90.5"', argument, (seconds) => {
        television.seek(seconds)
        return positionAndSpeed(television)
      })
    case 'speed':
      return withNumber('speed', 'a number, for example "speed 2"', argument, (speed) => {
        television.setSpeed(speed)
        return positionAndSpeed(television)
      })
    case 'content':
      if (!URL.canParse(argument))
        return `content: expected a URI, for example "content dvb://233a.1004.1044"; received "${argument}"`
      television.setContent(argument)
      return `switching to ${argument}`
    case 'status':
      return television.status()
    case 'help':
      return commandHelp()
    default:
      return `unknown command "${word}"; commands:\n${commandHelp()}`
  }
}

function positionAndSpeed(television: Television): string {
  return `position ${television.positionSeconds.toFixed(3)} s, speed ${television.speed}`
}

function withNumber(word: string, expected: string, argument: string, act: (value: number) => string): string {
  const value = Number(argument)
  if (argument === '' || !Number.isFinite(value)) return `${word}: expected ${expected}; received "${argument}"`
  return act(value)
}
