import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { DvbcssError } from '../validation/index.js'
import { unmapped } from './bind-sockets.js'

export interface HostAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** Resolvers time out after 5 s, or after 10 s with a second name server. */
const LOOKUP_TIMEOUT_SECONDS = 10

/** Resolves a host on every call, because the address of a television may change. */
export class HostAddresses {
  readonly #host: string
  /** Look-ups cannot be cancelled, and each takes one of the four threads that file access needs too: one at a time. */
  #pending: Promise<readonly HostAddress[]> | undefined

  constructor(host: string) {
    this.#host = host
  }

  /**
   * @param last the address used last; it is returned again while the host still has it.
   * @param isSilent whether that address does not answer: then the next one is returned, because a server may listen on only one.
   * @throws DvbcssError `DVBCSS_ERR_LOOKUP` if the host has no address or the look-up times out; the system's error is the `cause`.
   */
  async find(last: string, isSilent: boolean): Promise<HostAddress> {
    const addresses = await this.#lookUp()
    const index = addresses.findIndex(({ address }) => address === last)
    const found = addresses[index < 0 ? 0 : (index + (isSilent ? 1 : 0)) % addresses.length]
    if (found === undefined) throw lookupError(`${this.#host} has no address`)
    return found
  }

  async #lookUp(): Promise<readonly HostAddress[]> {
    this.#pending ??= findAddresses(this.#host).finally(() => {
      this.#pending = undefined
    })
    let timer: ReturnType<typeof setTimeout> | undefined
    const timedOut = new Promise<never>((_resolve, reject) => {
      const message = `timed out looking up ${this.#host}: no address within ${LOOKUP_TIMEOUT_SECONDS} s`
      timer = setTimeout(() => reject(lookupError(message)), LOOKUP_TIMEOUT_SECONDS * 1000)
      // A companion that was stopped meanwhile must not keep the process alive.
      timer.unref()
    })
    try {
      return await Promise.race([this.#pending, timedOut])
    } finally {
      clearTimeout(timer)
    }
  }
}

async function findAddresses(host: string): Promise<HostAddress[]> {
  const found = await lookup(host, { all: true }).catch((cause: Error) => {
    throw lookupError(`cannot look up ${host}: ${cause.message}`, cause)
  })
  const addresses = new Set(found.map(({ address }) => unmapped(address)))
  return [...addresses].map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
}

function lookupError(message: string, cause?: Error): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_LOOKUP', message, cause === undefined ? {} : { cause })
}
