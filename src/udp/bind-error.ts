import { DvbcssError } from '../validation/index.js'

/** Explanation and remedy for each system error code. */
const EXPLANATIONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  EADDRINUSE: ['is already in use', 'stop the process that uses it, or choose another port (0 picks a free one)'],
  EACCES: ['cannot be bound', 'choose a port from 1024 up, or run with the privilege to bind it'],
  EADDRNOTAVAIL: [
    'cannot be bound',
    'the host is not an address of this machine; 0.0.0.0 or :: bind all its addresses',
  ],
  EAFNOSUPPORT: ['cannot be bound', 'this machine does not support the address family; try the host 0.0.0.0'],
  ENOTFOUND: ['cannot be bound', 'the host name has no address; check it, or use the address'],
  EAI_AGAIN: ['cannot be bound', 'the host name could not be resolved; try again, or use the address'],
}

/**
 * A UDP socket could not be bound. The message names the host and the port. Code `DVBCSS_ERR_BIND`; the error of the system
 * is the `cause`.
 */
export class UdpBindError extends DvbcssError {
  /** The system error code, such as `EADDRINUSE`. */
  readonly systemCode: string

  constructor(host: string, port: number, cause: unknown) {
    const systemCode = cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN'
    const reason = cause instanceof Error ? cause.message : String(cause)
    const [what, remedy] = EXPLANATIONS[systemCode] ?? ['cannot be bound', reason]
    super('DVBCSS_ERR_BIND', `UDP port ${port} on ${host} ${what} (${systemCode}): ${remedy}`, { cause })
    this.systemCode = systemCode
  }
}
