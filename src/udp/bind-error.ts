/** What went wrong, and what to do about it, by the system's code. */
const EXPLANATIONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  EADDRINUSE: ['is taken', 'stop what holds it, or give another port (0 picks a free one)'],
  EACCES: ['is not allowed to this process', 'give a port from 1024 up, or run with the privilege to bind it'],
  EADDRNOTAVAIL: ['cannot be bound', 'the host is not an address of this machine: 0.0.0.0 and :: are all it has'],
  EAFNOSUPPORT: ['cannot be bound', 'this machine has no such address family: try the host 0.0.0.0'],
  ENOTFOUND: ['cannot be bound', 'the host name has no address: check it, or give the address'],
  EAI_AGAIN: ['cannot be bound', 'the host name could not be looked up now: try again, or give the address'],
}

/** Wraps the reason why a socket could not be bound in an Error that names the host and the port, with the same `code`. */
export function describeBindError(host: string, port: number, cause: unknown): Error & { code: string } {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN'
  const [what, remedy] = EXPLANATIONS[code] ?? [
    'cannot be bound',
    cause instanceof Error ? cause.message : String(cause),
  ]
  return Object.assign(new Error(`UDP port ${port} on ${host} ${what} (${code}): ${remedy}`, { cause }), { code })
}
