import type { RemoteInfo, Socket } from 'node:dgram'
import { interfaceAddresses, multicastInterfaces } from './network-interfaces.js'
import { decodeSsdpMessage, encodeSearch, maxAgeOf, SSDP_PORT, type SsdpFault } from './ssdp-message.js'
import { groupOf, listenToGroup, multicastSocket } from './ssdp-sockets.js'

/** A device that has answered a search or sent a notice. */
export interface SsdpDevice {
  /** Where its description is. */
  readonly location: string
  /** Its unique service name. */
  readonly usn: string
  /** The address that the message came from. */
  readonly address: string
  readonly maxAgeSeconds: number
}

export interface SsdpSearchEvents {
  found(device: SsdpDevice): void
  /** It has said goodbye. */
  gone(usn: string, address: string): void
  /** A message that cannot be used. */
  dropped(reason: SsdpFault): void
}

export interface SsdpSearchOptions {
  readonly searchTarget: string
  readonly interfaces?: readonly string[] | undefined
  readonly port?: number
  /** How often to search again, in seconds. */
  readonly searchIntervalSeconds: number
}

/** Within which devices answer (MX). */
const MAX_WAIT_SECONDS = 2
/** At the start, searches are repeated after this time, since datagrams get lost (UPnP Device Architecture 1.1, clause 1.3). */
const REPEATS_SECONDS = [0.2, 1, 3]
const DEFAULT_MAX_AGE_SECONDS = 1800

/** Searches for devices by SSDP on all interfaces, again and again, and listens to notices. */
export class SsdpSearch {
  readonly #options: SsdpSearchOptions
  readonly #events: SsdpSearchEvents
  readonly #port: number
  readonly #sockets: Socket[] = []
  readonly #searching: { readonly socket: Socket; readonly group: string }[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #isStopped = false

  constructor(options: SsdpSearchOptions, events: SsdpSearchEvents) {
    this.#options = options
    this.#events = events
    this.#port = options.port ?? SSDP_PORT
  }

  /** @returns on how many interfaces it searches: 0 if there is none with multicast */
  async start(): Promise<number> {
    const interfaces = multicastInterfaces(interfaceAddresses(this.#options.interfaces))
    const received = (datagram: Buffer, from: RemoteInfo) => this.#received(datagram, from)
    for (const from of interfaces) {
      const socket = await multicastSocket(from, received).catch(() => undefined)
      if (socket === undefined) continue
      this.#sockets.push(socket)
      this.#searching.push({ socket, group: groupOf(from.family) })
    }
    for (const family of ['IPv4', 'IPv6'] as const) {
      if (!interfaces.some((each) => each.family === family)) continue
      // Without notices, devices are still found by searching.
      const socket = await listenToGroup(family, this.#port, interfaces, received).catch(() => undefined)
      if (socket !== undefined) this.#sockets.push(socket)
    }
    if (this.#isStopped) {
      this.#close()
      return 0
    }
    this.#search()
    for (const seconds of REPEATS_SECONDS) this.#timers.push(setTimeout(() => this.#search(), seconds * 1000))
    this.#timers.push(setInterval(() => this.#search(), this.#options.searchIntervalSeconds * 1000))
    return this.#searching.length
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#close()
  }

  #close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
    this.#searching.length = 0
  }

  #search(): void {
    for (const { socket, group } of this.#searching) {
      const message = encodeSearch(group, this.#port, this.#options.searchTarget, MAX_WAIT_SECONDS)
      // What cannot be sent now is sent with the next search.
      socket.send(message, this.#port, group, () => {})
    }
  }

  #received(datagram: Buffer, from: RemoteInfo): void {
    if (this.#isStopped) return
    const message = decodeSsdpMessage(datagram)
    if (typeof message === 'string') {
      this.#events.dropped(message)
      return
    }
    // Other companions' searches, or ours.
    if (message.kind === 'search') return
    const { headers } = message
    const target = headers.get(message.kind === 'response' ? 'ST' : 'NT')
    if (target !== this.#options.searchTarget) return
    const usn = headers.get('USN')
    if (message.kind === 'notice' && headers.get('NTS') === 'ssdp:byebye') {
      if (usn !== undefined) this.#events.gone(usn, from.address)
      return
    }
    const location = headers.get('LOCATION')
    if (location === undefined) {
      this.#events.dropped('invalid-header')
      return
    }
    const maxAgeSeconds = maxAgeOf(headers) ?? DEFAULT_MAX_AGE_SECONDS
    this.#events.found({ location, usn: usn ?? location, address: from.address, maxAgeSeconds })
  }
}
