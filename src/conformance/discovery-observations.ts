import type { Ending } from './step.js'
import type { XmlElement } from './xml-document.js'

/** An answer to a search, as received. */
export interface SearchAnswer {
  readonly address: string
  readonly statusLine: string
  /** By name in upper case; of a repeated header the first. */
  readonly headers: ReadonlyMap<string, string>
}

/** The answer to an HTTP request; or why there was none that could be used. */
export interface DocumentResponse {
  readonly url: string
  readonly status?: number
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The root element as `{ name: content }`; undefined if the body is not XML. */
  readonly xml?: XmlElement
  readonly error?: string
}

/** Observations of how a television is found: SSDP and DIAL. */
export interface DiscoveryObservations {
  /** Where the device description is. */
  readonly location: string
  /** The URL of CSS-CII that is being checked. */
  readonly ciiUrl: string | undefined
  /** Answers of this television to a search for DIAL. */
  readonly answers: readonly SearchAnswer[]
  /** Answers of this television to a search for a service that does not exist. */
  readonly answersToUnknown: readonly SearchAnswer[]
  readonly description: DocumentResponse | undefined
  /** The DIAL resource of HbbTV. */
  readonly application: DocumentResponse | undefined
  /** The same with the query that clients of DIAL 2.1 send. */
  readonly applicationWithVersion: DocumentResponse | undefined
  readonly otherApplication: DocumentResponse | undefined
  readonly foreignOrigin: DocumentResponse | undefined
  readonly foreignHost: DocumentResponse | undefined
  readonly ending: Ending | undefined
}

/** Of the service of DIAL (DIAL 2.1, 5.1). */
export const DIAL_SERVICE = 'urn:dial-multiscreen-org:service:dial:1'

/** The `Application-URL` header of the device description without a slash at its end. Undefined: it is absent or not an http URL. */
export function applicationBaseOf({ description }: Pick<DiscoveryObservations, 'description'>): string | undefined {
  const value = description?.headers?.['application-url']
  if (value === undefined || !URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) return undefined
  return value.replace(/\/$/, '')
}
