import { type Command, InvalidArgumentError, Option } from 'commander'
import { ADDRESS_FILTER_OPTIONS, AddressFilter } from '../../server/endpoint/index.js'

/** Limits for the clients of the television. */
export interface TvLimits {
  maxConnections: number
  maxConnectionsPerAddress: number
  maxHandshakesPerSecond: number
  maxMessagesPerSecond: number
  maxRequestsPerSecond: number
  allow?: string[]
  deny?: string[]
}

/** For a living room: far above what its companions need, far below a flood. */
const DEFAULTS = {
  /** Per endpoint. A large family with guests has twenty companions. */
  maxConnections: 200,
  /** Per endpoint. Several companions, or a proxy, may share one address. */
  maxConnectionsPerAddress: 50,
  /** Per endpoint and address. `dvbcss check` makes thirty at once; this many use a tenth of a processor. */
  maxHandshakesPerSecond: 500,
  /** Per endpoint and address. A companion sends forty while its wall clock settles. */
  maxMessagesPerSecond: 200,
  /** Per address, over UDP. */
  maxRequestsPerSecond: 200,
} as const

/** Adds the options for limits to a command. */
export function addLimitOptions(command: Command): Command {
  const limit = (flag: string, description: string, value: number): Option =>
    new Option(`--${flag} <n>`, `${description}; "none" for no limit`).argParser(parseLimit).default(value)
  return command
    .addOption(
      limit(
        'max-connections',
        'maximum of connections to each of CII, TS, /wc and the two sides of App2App',
        DEFAULTS.maxConnections,
      ),
    )
    .addOption(
      limit(
        'max-connections-per-address',
        'maximum of connections to each of them from one remote address',
        DEFAULTS.maxConnectionsPerAddress,
      ),
    )
    .addOption(
      limit(
        'max-handshakes-per-second',
        'maximum of handshakes with each of them from one remote address',
        DEFAULTS.maxHandshakesPerSecond,
      ),
    )
    .addOption(
      limit(
        'max-messages-per-second',
        'maximum of messages to each of CII, TS and /wc from one remote address',
        DEFAULTS.maxMessagesPerSecond,
      ),
    )
    .addOption(
      limit(
        'max-requests-per-second',
        'maximum of wall clock requests over UDP from one remote address',
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
      'reject this address or network; repeatable, takes precedence over --allow',
      parseNetwork('deny'),
    )
}

/** Why these values of `--allow` and `--deny` cannot be combined; undefined if they can. */
export function networksProblem({ allow, deny }: TvLimits): string | undefined {
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
  throw new InvalidArgumentError('Expected a positive integer or "none".')
}

function parseNetwork(option: 'allow' | 'deny'): (text: string, previous?: string[]) => string[] {
  return (text, previous = []) => {
    if (!ADDRESS_FILTER_OPTIONS[option].accepts([text])) {
      throw new InvalidArgumentError('Expected an IP address or network, such as 192.168.1.20 or 192.168.0.0/16.')
    }
    return [...previous, text]
  }
}
