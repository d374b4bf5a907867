import { checkOptions, hostAndPort, type OptionTable, option, withoutZone } from '../validation/index.js'
import { decodeDeviceDescription, decodeHbbtvApplication, HBBTV_APPLICATION } from './device-description.js'
import { type HttpFault, requestDevice } from './local-http.js'
import { DIAL_SERVICE_TYPE, SSDP_PORT, type SsdpFault } from './ssdp-message.js'
import { type SsdpDevice, SsdpSearch } from './ssdp-search.js'

/** A television on the network, as it describes itself. */
export interface DiscoveredTelevision {
  /**
   * - `found`: it is new;
   * - `updated`: it describes itself otherwise than before;
   * - `gone`: it has said goodbye, or has not been seen for as long as it had promised.
   */
  readonly state: 'found' | 'updated' | 'gone'
  /** Its friendly name, or its address where it has none. */
  readonly name: string
  /** The URL of its device description, which also tells televisions apart. */
  readonly location: string
  /** The address that it answered from. */
  readonly address: string
  /** The DIAL resource of HbbTV applications, for {@link launchApp}. */
  readonly applicationUrl: string
  /** The URL of CSS-CII, for `new Companion(ciiUrl)`. Absent: it does not offer DVB-CSS. */
  readonly ciiUrl?: string
  /** The base URL of App2App for companions. */
  readonly app2appUrl?: string
  /** What the television's browser calls itself: `HbbTV/1.5.1 (…)`. */
  readonly userAgent?: string
  /** The `manufacturer` element of the device description. Absent if the description has none. */
  readonly manufacturer?: string
  /** The `modelName` element of the device description. Absent if the description has none. */
  readonly modelName?: string
  /** Of the device, without `uuid:`. */
  readonly uuid?: string
  /** Whether an HbbTV application is running. */
  readonly isRunning: boolean
}

/** Options of {@link discoverTelevisions}. */
export interface DiscoverOptions {
  /** How long to search, in seconds. Infinity: until `signal` aborts or the loop is left. Default 5. */
  timeoutSeconds?: number
  /** Names or addresses of the interfaces to search on. Default: all but loopback. */
  interfaces?: readonly string[]
  /** Ends the search: the loop over the televisions ends, and nothing is thrown. */
  signal?: AbortSignal
  /**
   * Which hosts descriptions and URLs may name: `same-host`, the address that answered the search, or `any`. Default `same-host`: anybody on the
   * network can answer, and must not be able to direct requests of this machine elsewhere.
   */
  allowedHosts?: 'same-host' | 'any'
  /** How often to search again, in seconds. Default 10. */
  searchIntervalSeconds?: number
  /** How long each description may take, in seconds. Default 3. */
  requestTimeoutSeconds?: number
  /** The port of SSDP. Default 1900. */
  port?: number
}

/** Why a device was left out. */
export type DiscoveryFault =
  | SsdpFault
  | HttpFault
  /** More than 256 devices at once. */
  | 'too-many-devices'
  /** The description has no `Application-URL` header, so it is not a DIAL server. */
  | 'no-application-url'
  | 'invalid-xml'

/** Counters of a {@link TelevisionSearch}. */
export interface DiscoveryStatistics {
  /** Televisions that are known now. */
  televisions: number
  /** Devices, datagrams and URLs that were left out, by reason. */
  rejected: Partial<Record<DiscoveryFault, number>>
}

const MAX_DEVICES = 256
const MAX_REQUESTS = 4
/** A device that cannot be read is tried again when it has been heard of after this time. */
const RETRY_SECONDS = 10
/** A device that is known is read again when it has been heard of after this time. */
const REREAD_SECONDS = 60
/** Promises of a shorter life are not taken at their word: the device would come and go. */
const LEAST_MAX_AGE_SECONDS = 30
const SWEEP_SECONDS = 1

export const DISCOVER_OPTIONS: OptionTable<
  DiscoverOptions,
  'timeoutSeconds' | 'allowedHosts' | 'searchIntervalSeconds' | 'requestTimeoutSeconds' | 'port'
> = {
  timeoutSeconds: option.withDefault(option.seconds({ above: 0, infinity: true }), 5),
  interfaces: option.custom('a list of names or addresses of interfaces', isListOfStrings),
  signal: option.instance(AbortSignal, 'an AbortSignal'),
  allowedHosts: option.withDefault(option.oneOf('same-host', 'any'), 'same-host'),
  searchIntervalSeconds: option.withDefault(option.seconds({ min: 1 }), 10),
  requestTimeoutSeconds: option.withDefault(option.seconds({ above: 0 }), 3),
  port: option.withDefault(option.port(), SSDP_PORT),
}

interface Known {
  device: SsdpDevice
  expiresAt: number
  readAt: number
  isReading: boolean
  television?: DiscoveredTelevision
}

/**
 * Searches the network for televisions by SSDP and DIAL, as HbbTV companions do (HbbTV 2, clause 14.7). Node only: a page in a browser
 * cannot send UDP.
 *
 * @example
 * for await (const television of discoverTelevisions({ timeoutSeconds: 5 })) {
 *   if (television.state === 'found') console.log(television.name, television.ciiUrl)
 * }
 *
 * @throws InvalidOptionError, UnknownOptionError
 */
export function discoverTelevisions(options: DiscoverOptions = {}): TelevisionSearch {
  return new TelevisionSearch(options)
}

/** The televisions of the network as they come and go: made by {@link discoverTelevisions}. It searches while it is iterated over. */
export class TelevisionSearch implements AsyncIterable<DiscoveredTelevision> {
  /** Counters of this search, updated while it runs. */
  readonly statistics: DiscoveryStatistics = { televisions: 0, rejected: {} }
  readonly #options
  readonly #known = new Map<string, Known>()
  readonly #queue: Known[] = []
  /** What the loop has not taken yet: of each television the latest. */
  readonly #news = new Map<string, DiscoveredTelevision>()
  #requests = 0
  #wake: () => void = () => {}
  #isEnded = false
  #abort = new AbortController()

  constructor(options: DiscoverOptions = {}) {
    this.#options = checkOptions(DISCOVER_OPTIONS, options)
  }

  /** Starts the search and yields each television that is found, updated or gone. Leaving the loop ends the search. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DiscoveredTelevision, void, void> {
    const { timeoutSeconds, interfaces, signal, searchIntervalSeconds, port } = this.#options
    if (signal?.aborted === true) return
    this.#isEnded = false
    this.#abort = new AbortController()
    const search = new SsdpSearch(
      { searchTarget: DIAL_SERVICE_TYPE, interfaces, port, searchIntervalSeconds },
      {
        found: (device) => this.#found(device),
        gone: (usn, address) => this.#saidGoodbye(usn, address),
        dropped: (fault) => this.#reject(fault),
      },
    )
    const end = () => {
      this.#isEnded = true
      this.#wake()
    }
    const timer = Number.isFinite(timeoutSeconds) ? setTimeout(end, timeoutSeconds * 1000) : undefined
    const sweep = setInterval(() => this.#sweep(), SWEEP_SECONDS * 1000)
    signal?.addEventListener('abort', end)
    try {
      await search.start()
      while (true) {
        const [first] = this.#news
        if (first !== undefined) {
          this.#news.delete(first[0])
          yield first[1]
        } else if (this.#isEnded) return
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      clearTimeout(timer)
      clearInterval(sweep)
      signal?.removeEventListener('abort', end)
      search.stop()
      this.#abort.abort()
      this.#known.clear()
      this.#queue.length = 0
      this.#news.clear()
      this.statistics.televisions = 0
    }
  }

  #found(device: SsdpDevice): void {
    const now = performance.now() / 1000
    const expiresAt = now + Math.max(device.maxAgeSeconds, LEAST_MAX_AGE_SECONDS)
    let known = this.#known.get(device.location)
    if (known === undefined) {
      if (this.#known.size >= MAX_DEVICES) {
        this.#reject('too-many-devices')
        return
      }
      known = { device, expiresAt, readAt: Number.NEGATIVE_INFINITY, isReading: false }
      this.#known.set(device.location, known)
    }
    known.expiresAt = expiresAt
    const restSeconds = known.television === undefined ? RETRY_SECONDS : REREAD_SECONDS
    if (known.isReading || now - known.readAt < restSeconds) return
    known.isReading = true
    this.#queue.push(known)
    this.#readNext()
  }

  /** Only who has answered from this address can say goodbye for what is there. */
  #saidGoodbye(usn: string, address: string): void {
    for (const known of this.#known.values()) {
      if (known.device.usn === usn && known.device.address === address) this.#gone(known)
    }
  }

  #sweep(): void {
    const now = performance.now() / 1000
    for (const known of this.#known.values()) if (known.expiresAt < now) this.#gone(known)
  }

  #gone({ device, television }: Known): void {
    this.#known.delete(device.location)
    if (television === undefined) return
    this.statistics.televisions--
    this.#announce({ ...television, state: 'gone' })
  }

  #readNext(): void {
    if (this.#requests >= MAX_REQUESTS) return
    const known = this.#queue.shift()
    if (known === undefined) return
    this.#requests++
    const hasRead = () => this.#hasRead(known)
    // It rejects when the search has ended.
    this.#read(known).then(hasRead, hasRead)
  }

  #hasRead(known: Known): void {
    this.#requests--
    known.isReading = false
    known.readAt = performance.now() / 1000
    this.#readNext()
  }

  async #read(known: Known): Promise<void> {
    const television = await this.#describe(known.device)
    if (typeof television === 'string') {
      this.#reject(television)
      return
    }
    // It may have said goodbye meanwhile.
    if (this.#known.get(known.device.location) !== known || this.#abort.signal.aborted) return
    const before = known.television
    known.television = television
    if (before === undefined) this.statistics.televisions++
    if (before === undefined) this.#announce(television)
    else if (!isSame(before, television)) this.#announce({ ...television, state: 'updated' })
  }

  async #describe({ location, address }: SsdpDevice): Promise<DiscoveredTelevision | DiscoveryFault> {
    const { allowedHosts, requestTimeoutSeconds: timeoutSeconds } = this.#options
    const host = allowedHosts === 'any' ? undefined : urlHostOf(address)
    const { signal } = this.#abort
    const description = await requestDevice(location, { host, timeoutSeconds, signal })
    if (typeof description === 'string') return description
    if (description.status !== 200) return faultOfStatus(description.status)
    const applications = description.headers.get('application-url')
    if (applications === null) return 'no-application-url'
    const device = await decodeDeviceDescription(description.body)
    if (device === 'invalid-xml') return device
    const applicationUrl = `${applications.replace(/\/$/, '')}/${HBBTV_APPLICATION}`
    const resource = await requestDevice(applicationUrl, { host, timeoutSeconds, signal })
    if (typeof resource === 'string') return resource
    if (resource.status !== 200) return faultOfStatus(resource.status)
    const application = await decodeHbbtvApplication(resource.body)
    if (application === 'invalid-xml') return application
    const { friendlyName = address, manufacturer, modelName, uuid } = device
    const ciiUrl = this.#webSocketUrl(application.interDevSyncUrl, host)
    const app2appUrl = this.#webSocketUrl(application.app2appUrl, host)
    return {
      state: 'found',
      name: friendlyName,
      location,
      address,
      applicationUrl,
      ...(ciiUrl !== undefined && { ciiUrl }),
      ...(app2appUrl !== undefined && { app2appUrl }),
      ...(application.userAgent !== undefined && { userAgent: application.userAgent }),
      ...(manufacturer !== undefined && { manufacturer }),
      ...(modelName !== undefined && { modelName }),
      ...(uuid !== undefined && { uuid }),
      isRunning: application.state === 'running',
    }
  }

  /** A URL that may be used; others are counted. */
  #webSocketUrl(url: string | undefined, host: string | undefined): string | undefined {
    if (url === undefined) return undefined
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || !/^wss?:$/.test(parsed.protocol)) this.#reject('invalid-url')
    else if (host !== undefined && parsed.hostname !== host) this.#reject('other-host')
    else return url
    return undefined
  }

  #announce(television: DiscoveredTelevision): void {
    const unseen = this.#news.get(television.location)
    // The loop has not taken the first news of it yet.
    if (unseen?.state === 'found' && television.state === 'gone') this.#news.delete(television.location)
    else {
      const state = unseen?.state === 'found' ? 'found' : television.state
      this.#news.set(television.location, { ...television, state })
    }
    this.#wake()
  }

  #reject(fault: DiscoveryFault): void {
    this.statistics.rejected[fault] = (this.statistics.rejected[fault] ?? 0) + 1
  }
}

/** An address as the host of a URL reads, without the zone of IPv6, for which URLs have no room. */
function urlHostOf(address: string): string {
  return new URL(`http://${hostAndPort(withoutZone(address), 80)}`).hostname
}

function faultOfStatus(status: number): HttpFault {
  return status === 404 ? 'not-found' : 'http-error'
}

function isSame(one: DiscoveredTelevision, other: DiscoveredTelevision): boolean {
  const withoutState = (television: DiscoveredTelevision) => JSON.stringify({ ...television, state: undefined })
  return withoutState(one) === withoutState(other)
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')
}
