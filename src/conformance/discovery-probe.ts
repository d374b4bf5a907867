import { applicationBaseOf, DIAL_SERVICE, type DiscoveryObservations } from './discovery-observations.js'
import { getDocument } from './document-request.js'
import { searchFor } from './search-request.js'
import type { Step } from './step.js'
import { childOf, textOf } from './xml-document.js'

const SSDP_PORT = 1900
/** No television offers it. */
const UNKNOWN_SERVICE = 'urn:dvbcss-check:service:unknown:1'
const UNKNOWN_APPLICATION = 'DvbcssCheckUnknown'
/** A name that does not exist (RFC 6761), as of an attacker's page. */
const FOREIGN_HOST = 'dvbcss-check.invalid'

type Observed = { -readonly [Name in keyof DiscoveryObservations]: DiscoveryObservations[Name] }

export interface DiscoveryTarget {
  /** Of the device description. */
  readonly location: string
  readonly ciiUrl: string | undefined
  readonly ssdpPort?: number | undefined
}

/** Tests how a television is found. It is asked for documents, and never to start an application. */
export class DiscoveryProbe {
  readonly observed: Observed
  /** Why the search could not be sent. */
  searchProblem: string | undefined
  readonly #port: number

  constructor({ location, ciiUrl, ssdpPort = SSDP_PORT }: DiscoveryTarget) {
    this.#port = ssdpPort
    this.observed = {
      location,
      ciiUrl,
      answers: [],
      answersToUnknown: [],
      description: undefined,
      application: undefined,
      applicationWithVersion: undefined,
      otherApplication: undefined,
      foreignOrigin: undefined,
      foreignHost: undefined,
      ending: undefined,
    }
  }

  /** The URL of CSS-CII that the television offers, if it is on the host that was asked. */
  get offeredCiiUrl(): string | undefined {
    const data = childOf(childOf(this.observed.application?.xml, 'service'), 'additionalData')
    const url = textOf(data, 'X_HbbTV_InterDevSyncURL')
    return url !== undefined && /^wss?:/.test(url) && hostOf(url) === hostOf(this.observed.location) ? url : undefined
  }

  async isAlive(): Promise<boolean> {
    // One that was never reached has not been ended.
    if (this.observed.description?.status === undefined) return true
    return (await getDocument(this.observed.location)).status !== undefined
  }

  ordinarySteps(): Step[] {
    return [
      {
        id: 'discovery-search',
        name: 'a search by SSDP',
        run: () => this.#search(),
      },
      {
        id: 'discovery-description',
        name: 'a request for the device description',
        run: async () => {
          this.observed.description = await getDocument(this.observed.location)
        },
      },
      {
        id: 'discovery-application',
        name: 'a request for the DIAL resource of HbbTV',
        run: async () => {
          const url = this.#applicationUrl('HbbTV')
          if (url === undefined) return
          this.observed.application = await getDocument(url)
          this.observed.applicationWithVersion = await getDocument(`${url}?clientDialVer=2.1`)
        },
      },
      {
        id: 'discovery-other-application',
        name: 'a request for a DIAL application that does not exist',
        run: async () => {
          const url = this.#applicationUrl(UNKNOWN_APPLICATION)
          if (url !== undefined) this.observed.otherApplication = await getDocument(url)
        },
      },
    ]
  }

  unusualSteps(): Step[] {
    return [
      {
        id: 'discovery-foreign-origin',
        name: 'a request to DIAL with a foreign Origin or Host',
        run: async () => {
          const url = this.#applicationUrl('HbbTV')
          if (url === undefined) return
          this.observed.foreignOrigin = await getDocument(url, { origin: `http://${FOREIGN_HOST}` })
          this.observed.foreignHost = await getDocument(url, { host: FOREIGN_HOST })
        },
      },
    ]
  }

  async #search(): Promise<void> {
    const target = { host: hostOf(this.observed.location), port: this.#port }
    try {
      const [answers, answersToUnknown] = await Promise.all([
        searchFor(DIAL_SERVICE, target),
        searchFor(UNKNOWN_SERVICE, target),
      ])
      // Other devices on the same host are left out, if the television can be told from them.
      const own = answers.filter(({ headers }) => headers.get('LOCATION') === this.observed.location)
      Object.assign(this.observed, { answers: own.length > 0 ? own : answers, answersToUnknown })
    } catch (error) {
      this.searchProblem = (error as Error).message
    }
  }

  /** Undefined: the television names no URL, or one of another host, which is not asked. */
  #applicationUrl(name: string): string | undefined {
    const base = applicationBaseOf(this.observed)
    return base === undefined || hostOf(base) !== hostOf(this.observed.location) ? undefined : `${base}/${name}`
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname
}
