import type { RemoteInfo, Socket } from 'node:dgram'
import { DvbcssError, hostAndPort } from '../validation/index.js'
import {
  addressesNear,
  type InterfaceAddress,
  interfaceAddresses,
  type MulticastInterface,
  multicastInterfaces,
} from './network-interfaces.js'
import { type AnswerLimits, SearchAnswers } from './search-answers.js'
import {
  DIAL_SERVICE_TYPE,
  decodeSsdpMessage,
  encodeSsdpMessage,
  SEARCH_ALL,
  SSDP_PORT,
  type SsdpHeaders,
} from './ssdp-message.js'
import { groupOf, joinGroup, listenToGroup, multicastSocket } from './ssdp-sockets.js'

/** Why a datagram got no answer. */
export const SSDP_DROP_REASONS = [
  /** Longer than 4096 bytes. */
  'too-large',
  /** Not a message of SSDP. */
  'not-ssdp',
  /** A line that is not a header, or too many headers. */
  'invalid-header',
  /** A search without `MAN: "ssdp:discover"` or without `ST`. */
  'invalid-search',
  /** A search for something else. */
  'other-target',
  /** From an address that is not in the network of any interface that is served. */
  'other-network',
  /** No URL can name an address at which this source could reach the app. */
  'no-address',
  /** This source has asked more often than it may. */
  'rate-limited',
  /** All sources together have asked more often than they may, or too many answers are waiting to be sent. */
  'rate-limited-total',
  /** The system refused to send the answer. */
  'send-error',
] as const

/** One of {@link SSDP_DROP_REASONS}: why a datagram was not answered. */
export type SsdpDropReason = (typeof SSDP_DROP_REASONS)[number]

/** Counters of an SSDP advertiser since it was created. */
export interface SsdpAdvertiserStatistics {
  /** Searches for a target that is advertised. */
  searches: number
  /** Answers to searches that were sent. */
  answers: number
  /** Multicast messages: alive and byebye. */
  notices: number
  /** Bytes of all datagrams received, without UDP and IP headers. */
  bytesReceived: number
  /** Bytes of the answers and notices sent, without UDP and IP headers. */
  bytesSent: number
  /** Datagrams that got no answer, by reason. */
  dropped: Record<SsdpDropReason, number>
}

export interface SsdpAdvertiserOptions extends AnswerLimits {
  /** The device's UUID, without `uuid:`. */
  readonly uuid: string
  /** What is searched for. `ssdp:all` is answered as well. Default: the DIAL service. */
  readonly searchTargets?: readonly string[]
  /**
   * The URL of the device description.
   *
   * @param address of this machine, at which the peer can reach it
   * @returns undefined if the app cannot be reached there
   */
  readonly location: (address: string) => string | undefined
  /** Names or addresses of interfaces. Default: all but loopback. */
  readonly interfaces?: readonly string[] | undefined
  /** Whether the app can be reached on loopback alone, so that loopback is the default. Asked at every look at the interfaces. */
  readonly loopbackOnly?: () => boolean
  /** Default 1900. */
  readonly port?: number
  /** How long notices and answers are valid, in seconds. Default 1800. */
  readonly maxAgeSeconds?: number
  /** The `SERVER` header. */
  readonly server: string
}

/** How often interfaces that have come are joined. */
const REFRESH_SECONDS = 30

/** What is multicast once is sent this many times, since datagrams get lost. */
const REPEATS = 2

/**
 * Makes a device known by SSDP (UPnP Device Architecture 1.1, clause 1): answers searches, each with the address of the interface that
 * the question came in on, and sends notices.
 */
export class SsdpAdvertiser {
  readonly statistics: SsdpAdvertiserStatistics
  readonly #options: SsdpAdvertiserOptions
  readonly #targets: readonly string[]
  readonly #port: number
  readonly #maxAgeSeconds: number
  readonly #bootId = Math.floor(Date.now() / 1000)
  readonly #answers: SearchAnswers
  #addresses: InterfaceAddress[] = []
  #listeners: Socket[] = []
  readonly #senders = new Map<string, { readonly from: MulticastInterface; readonly socket: Socket }>()
  #timers: NodeJS.Timeout[] = []
  #isRunning = false
  /** Families of addresses on which searches cannot be received. */
  readonly #refused = new Set<'IPv4' | 'IPv6'>()

  constructor(options: SsdpAdvertiserOptions) {
    this.#options = options
    this.#targets = options.searchTargets ?? [DIAL_SERVICE_TYPE]
    this.#port = options.port ?? SSDP_PORT
    this.#maxAgeSeconds = options.maxAgeSeconds ?? 1800
    const dropped = Object.fromEntries(SSDP_DROP_REASONS.map((reason) => [reason, 0])) as Record<SsdpDropReason, number>
    this.statistics = { searches: 0, answers: 0, notices: 0, bytesReceived: 0, bytesSent: 0, dropped }
    this.#answers = new SearchAnswers(options)
  }

  /** The interfaces that are served, as `eth0 192.0.2.1`. */
  get interfaces(): string[] {
    return this.#addresses.map(({ name, address }) => `${name} ${address}`)
  }

  /**
   * Joins the multicast groups, and sends the first notices.
   *
   * @returns an error for each family of addresses that cannot be served, for example because another program holds the port alone
   * @throws DvbcssError `DVBCSS_ERR_DISCOVERY` if neither can be served
   */
  async start(): Promise<Error[]> {
    this.#isRunning = true
    this.#addresses = this.#ownAddresses()
    const interfaces = multicastInterfaces(this.#addresses)
    const failures: Error[] = []
    for (const family of ['IPv4', 'IPv6'] as const) {
      if (!interfaces.some((each) => each.family === family)) continue
      try {
        const socket = await listenToGroup(family, this.#port, interfaces, (datagram, from) =>
          this.#received(socket, datagram, from),
        )
        this.#listeners.push(socket)
      } catch (error) {
        failures.push(error as Error)
        this.#refused.add(family)
      }
    }
    if (this.#listeners.length === 0) {
      this.#isRunning = false
      const reason = failures.map(({ message }) => message).join('; ') || 'no such network interface'
      throw new DvbcssError('DVBCSS_ERR_DISCOVERY', `cannot receive searches on UDP port ${this.#port}: ${reason}`, {
        cause: failures[0],
      })
    }
    this.#addresses = this.#ownAddresses()
    await this.#openSenders(multicastInterfaces(this.#addresses))
    this.#notify('ssdp:alive')
    this.#every(REFRESH_SECONDS, () => void this.#refresh())
    // Before what was said last is no longer valid, and once more in case that is lost.
    this.#every(this.#maxAgeSeconds / 3, () => this.#notify('ssdp:alive'))
    return failures
  }

  /** Says goodbye, and closes the sockets. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#answers.cancel()
    this.#notify('ssdp:byebye')
    // Behind the last send: a socket that is closed sends nothing more.
    await new Promise((resolve) => setImmediate(resolve))
    const sockets = [...this.#listeners, ...[...this.#senders.values()].map(({ socket }) => socket)]
    this.#listeners = []
    this.#senders.clear()
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  }

  /** Those at which the app can be reached. */
  #ownAddresses(): InterfaceAddress[] {
    const { interfaces, loopbackOnly, location } = this.#options
    const selected = interfaces ?? (loopbackOnly?.() === true ? ['127.0.0.1', '::1'] : undefined)
    const addresses = interfaceAddresses(selected).filter(({ family }) => !this.#refused.has(family))
    const names = new Set(addresses.filter(({ address }) => location(address) !== undefined).map(({ name }) => name))
    // With the link-local addresses of the same interface, from which others ask.
    return addresses.filter(({ name }) => names.has(name))
  }

  #every(seconds: number, action: () => void): void {
    this.#timers.push(setInterval(action, seconds * 1000).unref())
  }

  #received(socket: Socket, datagram: Buffer, from: RemoteInfo): void {
    this.statistics.bytesReceived += datagram.length
    const reason = this.#take(socket, datagram, from)
    if (reason !== undefined) this.statistics.dropped[reason]++
  }

  /** @returns why the datagram gets no answer, if it should get one */
  #take(socket: Socket, datagram: Buffer, from: RemoteInfo): SsdpDropReason | undefined {
    const message = decodeSsdpMessage(datagram)
    if (typeof message === 'string') return message
    // Notices of other devices need no answer.
    if (message.kind !== 'search') return undefined
    const targets = this.#targetsOf(message.headers)
    if (typeof targets === 'string') return targets
    const near = addressesNear(from.address, this.#addresses)
    if (near.length === 0) return 'other-network'
    const location = near.map(({ address }) => this.#options.location(address)).find((url) => url !== undefined)
    if (location === undefined) return 'no-address'
    this.statistics.searches++
    for (const target of targets) {
      const answer = () => this.#answer(socket, from, target, location)
      const refusal = this.#answers.schedule(from.address, maxWaitOf(message.headers), answer)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #targetsOf(headers: SsdpHeaders): readonly string[] | 'invalid-search' | 'other-target' {
    const wanted = headers.get('ST')
    if (wanted === undefined || !/^"?ssdp:discover"?$/.test(headers.get('MAN') ?? '')) return 'invalid-search'
    if (wanted === SEARCH_ALL) return this.#targets
    return this.#targets.includes(wanted) ? [wanted] : 'other-target'
  }

  #answer(socket: Socket, to: RemoteInfo, target: string, location: string): void {
    if (!this.#isRunning) return
    const message = encodeSsdpMessage('HTTP/1.1 200 OK', {
      'CACHE-CONTROL': `max-age=${this.#maxAgeSeconds}`,
      EXT: '',
      LOCATION: location,
      SERVER: this.#options.server,
      ST: target,
      USN: this.#usn(target),
      'BOOTID.UPNP.ORG': this.#bootId,
    })
    socket.send(message, to.port, to.address, (error) => {
      if (error !== null && error !== undefined) {
        this.statistics.dropped['send-error']++
        return
      }
      this.statistics.answers++
      this.statistics.bytesSent += message.length
    })
  }

  #notify(state: 'ssdp:alive' | 'ssdp:byebye'): void {
    for (const { from, socket } of this.#senders.values()) {
      const own = this.#addresses.filter(({ name, address, family }) =>
        from.family === 'IPv4' ? address === from.address : family === 'IPv6' && name === from.name,
      )
      const location = own.map(({ address }) => this.#options.location(address)).find((url) => url !== undefined)
      if (location === undefined) continue
      const group = groupOf(from.family)
      for (const target of this.#targets) {
        const message = encodeSsdpMessage('NOTIFY * HTTP/1.1', {
          HOST: hostAndPort(group, this.#port),
          ...(state === 'ssdp:alive' && {
            'CACHE-CONTROL': `max-age=${this.#maxAgeSeconds}`,
            LOCATION: location,
            SERVER: this.#options.server,
          }),
          NT: target,
          NTS: state,
          USN: this.#usn(target),
          'BOOTID.UPNP.ORG': this.#bootId,
        })
        for (let repeat = 0; repeat < REPEATS; repeat++) {
          // A destination that cannot be reached now may be at the next notice.
          socket.send(message, this.#port, group, (error) => {
            if (error !== null && error !== undefined) return
            this.statistics.notices++
            this.statistics.bytesSent += message.length
          })
        }
      }
    }
  }

  #usn(target: string): string {
    return `uuid:${this.#options.uuid}::${target}`
  }

  /** Interfaces come and go: a cable is plugged in, a phone's hotspot is switched on. */
  async #refresh(): Promise<void> {
    this.#addresses = this.#ownAddresses()
    const interfaces = multicastInterfaces(this.#addresses)
    for (const [address, { socket }] of this.#senders) {
      if (interfaces.some((each) => each.address === address)) continue
      this.#senders.delete(address)
      socket.close()
    }
    const isNew = interfaces.some(({ address }) => !this.#senders.has(address))
    if (!isNew) return
    for (const socket of this.#listeners) {
      const family = socket.address().family
      for (const each of interfaces) if (each.family === family) joinGroup(socket, each)
    }
    await this.#openSenders(interfaces)
    if (this.#isRunning) this.#notify('ssdp:alive')
  }

  async #openSenders(interfaces: readonly MulticastInterface[]): Promise<void> {
    for (const from of interfaces) {
      if (this.#senders.has(from.address)) continue
      try {
        const socket = await multicastSocket(from, () => {})
        if (this.#isRunning) this.#senders.set(from.address, { from, socket })
        else socket.close()
      } catch {
        // An interface without multicast: there, searches may still come by unicast.
      }
    }
  }
}

/** MX in seconds: from 1 to 5 (UPnP Device Architecture 1.1, clause 1.3). Many companions leave it out. */
function maxWaitOf(headers: SsdpHeaders): number {
  const seconds = Number(headers.get('MX') ?? 1)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 5) : 1
}
