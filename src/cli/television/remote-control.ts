import type { Television } from './television.js'

/** What can be typed at the television's console: the words, and what they mean. */
const COMMANDS = [
  ['play', 'go on'],
  ['pause', 'stand still'],
  ['seek SECONDS', 'go to a position'],
  ['speed X', 'play at X times the normal speed; negative plays backwards'],
  ['content URI', 'change to other content'],
  ['status', 'tell what is on, and who follows'],
  ['help', 'tell these commands'],
] as const

export function commandHelp(): string {
  return COMMANDS.map(([words, meaning]) => `  ${words.padEnd(13)} ${meaning}`).join('\n')
}

/**
 * Carries out one line of the console.
 * @returns what to print: the new state, or what was expected and what came.
 */
export function command(television: Television, line: string): string {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  const argument = rest.join(' ')
  switch (word) {
    case '':
      return ''
    case 'play':
      television.play()
      return where(television)
    case 'pause':
      television.pause()
      return where(television)
    case 'seek':
      return withNumber('seek', 'seconds, as in "seek 90.5"', argument, (seconds) => {
        television.seek(seconds)
        return where(television)
      })
    case 'speed':
      return withNumber('speed', 'a number, as in "speed 2"', argument, (speed) => {
        television.setSpeed(speed)
        return where(television)
      })
    case 'content':
      if (!URL.canParse(argument))
        return `content: expected a URI, as in "content dvb://233a.1004.1044", got "${argument}"`
      television.setContent(argument)
      return `changing to ${argument}`
    case 'status':
      return television.status()
    case 'help':
      return commandHelp()
    default:
      return `expected one of these commands, got "${word}":\n${commandHelp()}`
  }
}

function where(television: Television): string {
  return `position ${television.positionSeconds.toFixed(3)} s, speed ${television.speed}`
}

function withNumber(word: string, expected: string, argument: string, act: (value: number) => string): string {
  const value = Number(argument)
  if (argument === '' || !Number.isFinite(value)) return `${word}: expected ${expected}, got "${argument}"`
  return act(value)
}
