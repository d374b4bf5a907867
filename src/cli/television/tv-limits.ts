import { type Command, InvalidArgumentError, Option } from 'commander'
import { AddressFilter, invalidNetwork } from '../../server/endpoint/index.js'

/** Who may use the television, and how much. */
export interface TvLimits {
  maxConnections: number
  maxConnectionsPerAddress: number
  maxHandshakesPerSecond: number
  maxMessagesPerSecond: number
  maxRequestsPerSecond: number
  allow?: string[]
  deny?: string[]
}

/** For a living room: far more than its companions need, far less than a flood. */
const DEFAULTS = {
  /** For each endpoint. A large family with guests has twenty companions. */
  maxConnections: 200,
  /** For each endpoint. Behind one address there may be several companions, or a proxy. */
  maxConnectionsPerAddress: 50,
  /** For each endpoint and address. `dvbcss check` makes thirty at once; this many cost a tenth of a processor. */
  maxHandshakesPerSecond: 500,
  /** For each endpoint and address. A companion that settles its wall clock sends forty. */
  maxMessagesPerSecond: 200,
  /** For each address, over UDP. */
  maxRequestsPerSecond: 200,
} as const

/** Adds the options for limits to a command. */
export function addLimitOptions(command: Command): Command {
  const limit = (flag: string, description: string, value: number): Option =>
    new Option(`--${flag} <n>`, `${description}; "none" for no limit`).argParser(parseLimit).default(value)
  return command
    .addOption(limit('max-connections', 'connections to each of CII, TS and /wc', DEFAULTS.maxConnections))
    .addOption(
      limit('max-connections-per-address', 'the same, from one remote address', DEFAULTS.maxConnectionsPerAddress),
    )
    .addOption(
      limit(
        'max-handshakes-per-second',
        'handshakes with each of them, from one remote address',
        DEFAULTS.maxHandshakesPerSecond,
      ),
    )
    .addOption(
      limit(
        'max-messages-per-second',
        'messages to each of them, from one remote address',
        DEFAULTS.maxMessagesPerSecond,
      ),
    )
    .addOption(
      limit(
        'max-requests-per-second',
        'wall clock requests over UDP, from one remote address',
        DEFAULTS.maxRequestsPerSecond,
      ),
    )
    .option(
      '--allow <network>',
      'serve only this address or network, such as 192.168.0.0/16; repeatable',
      parseNetwork('allow'),
    )
    .option(
      '--deny <network>',
      'do not serve this address or network; repeatable, wins over --allow',
      parseNetwork('deny'),
    )
}

/** Why `--allow` and `--deny` cannot be combined as they are; undefined when they can. */
export function contradiction({ allow, deny }: TvLimits): string | undefined {
  try {
    AddressFilter.of({ allow, deny })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function parseLimit(text: string): number {
  if (text === 'none') return Number.POSITIVE_INFINITY
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && Number.isSafeInteger(limit)) return limit
  throw new InvalidArgumentError('Expected an integer of at least 1, or "none".')
}

function parseNetwork(option: 'allow' | 'deny'): (text: string, before?: string[]) => string[] {
  return (text, before = []) => {
    if (invalidNetwork(option, [text]) !== undefined) {
      throw new InvalidArgumentError('Expected an IP address or a network, such as 192.168.1.20 or 192.168.0.0/16.')
    }
    return [...before, text]
  }
}
