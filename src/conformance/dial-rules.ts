import { isIP } from 'node:net'
import { describe } from './cii-message-rules.js'
import { applicationBaseOf, type DiscoveryObservations, type DocumentResponse } from './discovery-observations.js'
import { survives } from './endpoint-rules.js'
import { fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import { childOf, textOf, type XmlElement } from './xml-document.js'

const CLAUSE_DIAL = 'DIAL 2.1'
const CLAUSE_HBBTV = 'HbbTV 2, 14.7'
const DEVICE_ELEMENTS = ['deviceType', 'friendlyName', 'manufacturer', 'modelName', 'UDN']
const STATES = /^(running|stopped|hidden|installable=.*)$/

/** The documents by which a companion learns of a television: the device description, and the DIAL resource of HbbTV. */
export const DIAL_RULES: readonly Rule<DiscoveryObservations>[] = [
  {
    id: 'discovery-description-served',
    title: 'LOCATION is answered with a device description in XML',
    source: 'UPnP Device Architecture 1.1, 2.3',
    severity: 'fault',
    harm: 'Every companion app: it learns nothing of the television.',
    step: 'discovery-description',
    judge: ({ description }) => served(description, 'root'),
  },
  {
    id: 'discovery-application-url',
    title: 'the device description is sent with an Application-URL header: an http URL on the same host',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'Every companion app: it drops a television without the header.',
    step: 'discovery-description',
    judge: (observed) => {
      const { description, location } = observed
      if (description?.status !== 200 || description.error !== undefined) return skipped('no device description')
      const value = description.headers?.['application-url']
      const base = applicationBaseOf(observed)
      if (base === undefined) return fail('an http URL', describe(value))
      return onSameHost(base, location) ?? pass(base)
    },
  },
  {
    id: 'discovery-device-elements',
    title: `the device description has ${DEVICE_ELEMENTS.join(', ')}`,
    source: 'UPnP Device Architecture 1.1, 2.3',
    severity: 'fault',
    harm: 'Companion apps that show the name of the television, or identify it by UDN.',
    step: 'discovery-description',
    judge: ({ description }) => {
      const root = childOf(description?.xml, 'root')
      if (root === undefined) return skipped('no device description')
      const device = childOf(root, 'device')
      const missing = DEVICE_ELEMENTS.filter((name) => (textOf(device, name) ?? '') === '')
      if (missing.length > 0) return fail('all of them', `${missing.join(', ')} missing`)
      const udn = textOf(device, 'UDN')
      return udn?.startsWith('uuid:') === true
        ? pass(describe(textOf(device, 'friendlyName')))
        : fail('a UDN of uuid:…', describe(udn))
    },
  },
  {
    id: 'discovery-application-served',
    title: '<Application-URL>/HbbTV is answered with a service document in XML',
    source: CLAUSE_HBBTV,
    severity: 'fault',
    harm: 'Every companion app: it does not find an HbbTV television.',
    step: 'discovery-application',
    judge: ({ application }) =>
      application === undefined ? skipped('no usable Application-URL') : served(application, 'service'),
  },
  {
    id: 'discovery-application-elements',
    title: 'the service document has the name HbbTV, a state, and options with allowStop',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'Companion apps that start applications: they cannot tell whether one is running.',
    step: 'discovery-application',
    judge: (observed) => {
      const service = serviceOf(observed)
      if (service === undefined) return skipped('no service document')
      const [name, state] = [textOf(service, 'name'), textOf(service, 'state')]
      if (name !== 'HbbTV') return fail('the name "HbbTV"', describe(name))
      if (state === undefined || !STATES.test(state)) return fail('a state of running or stopped', describe(state))
      const allowStop = childOf(service, 'options')?.['@allowStop']
      return allowStop === 'true' || allowStop === 'false'
        ? pass(state)
        : fail('allowStop="true" or "false"', describe(allowStop))
    },
  },
  additionalUrl(
    'discovery-app2app-url',
    'X_HbbTV_App2AppURL',
    'An HbbTV companion app in the stores: it ignores televisions without it.',
    () => undefined,
  ),
  additionalUrl(
    'discovery-inter-dev-sync-url',
    'X_HbbTV_InterDevSyncURL',
    'Every companion that synchronises: it does not find CSS-CII.',
    (url, { ciiUrl }) =>
      ciiUrl === undefined || url === ciiUrl ? undefined : warn(`the URL that is checked, ${ciiUrl}`, describe(url)),
  ),
  {
    id: 'discovery-user-agent',
    title: 'X_HbbTV_UserAgent is the user agent of the HbbTV browser',
    source: CLAUSE_HBBTV,
    severity: 'fault',
    harm: 'Companion apps that choose what to do by the version of HbbTV.',
    step: 'discovery-application',
    judge: (observed) => {
      const service = serviceOf(observed)
      if (service === undefined) return skipped('no service document')
      const value = textOf(childOf(service, 'additionalData'), 'X_HbbTV_UserAgent')
      return value !== undefined && /HbbTV\/\d+\.\d+\.\d+/.test(value)
        ? pass(describe(value))
        : fail('HbbTV/1.5.1 (…)', describe(value))
    },
  },
  {
    id: 'discovery-client-version-accepted',
    title: 'the query clientDialVer is accepted',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'Companion apps of DIAL 2: they always send it.',
    step: 'discovery-application',
    judge: ({ application, applicationWithVersion: response }) => {
      if (application?.status !== 200 || response === undefined) return skipped('no service document')
      return response.status === 200 ? pass('status 200') : fail('status 200', statusText(response))
    },
  },
  {
    id: 'discovery-other-application-not-found',
    title: 'another application than HbbTV is answered with 404',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'Companion apps of other services: they believe that their application is installed.',
    step: 'discovery-other-application',
    judge: ({ otherApplication: response }) => {
      if (response === undefined) return skipped('no usable Application-URL')
      return response.status === 404 ? pass('status 404') : fail('status 404', statusText(response))
    },
  },
  {
    id: 'discovery-foreign-origin-refused',
    title: 'a request with the Origin of a foreign page is refused with 403',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'The viewer: any page in a browser on the network can learn of the television, and start applications.',
    step: 'discovery-foreign-origin',
    judge: ({ application, foreignOrigin }) => refused(application, foreignOrigin),
  },
  {
    id: 'discovery-foreign-host-refused',
    title: 'a request with a foreign Host is refused with 403',
    source: CLAUSE_DIAL,
    severity: 'field',
    harm: 'The viewer: a page whose name was rebound to the address of the television reads its answers.',
    step: 'discovery-foreign-origin',
    judge: ({ application, foreignHost }) => refused(application, foreignHost),
  },
  {
    id: 'discovery-survives',
    title: 'the documents are still served after everything that was asked',
    source: CLAUSE_DIAL,
    severity: 'fault',
    harm: 'Every companion app: it does not find the television until it is restarted.',
    judge: ({ description, ending }) =>
      description?.status === undefined ? skipped('no device description') : survives('discovery', ending),
  },
]

function served(response: DocumentResponse | undefined, root: string): Outcome {
  if (response === undefined) return skipped('not tried')
  if (response.status !== 200 || response.error !== undefined) return fail('status 200', statusText(response))
  return childOf(response.xml, root) === undefined
    ? fail(`XML with the element ${root}, without a document type`, describe(response.body))
    : pass(response.url)
}

function refused(application: DocumentResponse | undefined, response: DocumentResponse | undefined): Outcome {
  if (application?.status !== 200 || response === undefined) return skipped('no service document')
  const { status = 0 } = response
  if (status === 403) return pass('status 403')
  return status >= 400 ? warn('status 403', statusText(response)) : fail('status 403', statusText(response))
}

function additionalUrl(
  id: string,
  name: string,
  harm: string,
  problemWith: (url: string, observed: DiscoveryObservations) => Outcome | undefined,
): Rule<DiscoveryObservations> {
  return {
    id,
    title: `${name} is a ws or wss URL on the same host`,
    source: CLAUSE_HBBTV,
    severity: 'fault',
    harm,
    step: 'discovery-application',
    judge: (observed) => {
      const service = serviceOf(observed)
      if (service === undefined) return skipped('no service document')
      const value = textOf(childOf(service, 'additionalData'), name)
      const isValid = value !== undefined && URL.canParse(value) && /^wss?:$/.test(new URL(value).protocol)
      if (!isValid) return fail('ws://… or wss://…', describe(value))
      const elsewhere = onSameHost(value, observed.location)
      if (elsewhere !== undefined) return elsewhere
      return problemWith(value, observed) ?? pass(value)
    },
  }
}

/** Undefined if the URL is on the host of the description. */
function onSameHost(url: string, location: string): Outcome | undefined {
  const [host, expected] = [new URL(url).hostname, new URL(location).hostname]
  if (host === expected) return undefined
  // A name may stand for the same host.
  const isAddress = isIP(host.replace(/^\[|\]$/g, '')) !== 0
  return (isAddress ? fail : warn)(`a URL on ${expected}`, describe(url))
}

function serviceOf({ application }: DiscoveryObservations): XmlElement | undefined {
  return childOf(application?.xml, 'service')
}

function statusText({ status, error }: DocumentResponse): string {
  return error === undefined ? `status ${status}` : `no usable response (${error})`
}
