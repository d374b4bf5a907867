/** The exit codes of every `dvbcss` command: the same fault has the same code, whichever command meets it. */
export const EXIT = {
  success: 0,
  violation: 1,
  usage: 2,
  noConnection: 3,
  timedOut: 4,
  failure: 5,
  cannotBind: 6,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  success: 'success, or the reader of the output exited first; tv: stopped by a signal',
  violation: 'the television violates the protocol: check found it, or every message was invalid',
  usage: 'invalid command line: unknown command or option, invalid value or address',
  noConnection: 'could not connect; or with --no-retry: connection lost',
  timedOut: 'timed out: no data received, or check could not try every rule',
  failure: 'any other error, such as output that cannot be written, or an internal error',
  cannotBind: 'tv: address or port cannot be bound, for example because it is in use',
  hungUp: 'terminal closed (SIGHUP)',
  interrupted: 'interrupted (SIGINT, Ctrl-C)',
  terminated: 'terminated (SIGTERM)',
}

/** The table for help texts. */
export function exitCodesHelp(): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[]
  return ['Exit codes:', ...names.map((name) => `  ${String(EXIT[name]).padEnd(4)} ${MEANINGS[name]}`)].join('\n')
}
