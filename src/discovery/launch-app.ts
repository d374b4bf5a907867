import { checkOption, checkOptions, DvbcssError, type OptionTable, option } from '../validation/index.js'
import { escaped } from './device-description.js'
import { requestDevice } from './local-http.js'

/** How many bytes a television takes to start an application (DIAL 2.1). */
export const MAX_LAUNCH_BYTES = 4096

/** Options of {@link launchApp}. */
export interface LaunchOptions {
  /** How long the television may take, in seconds. Default 10. */
  timeoutSeconds?: number
  /** Aborts the request. */
  signal?: AbortSignal
}

/** An application that a television runs. */
export interface LaunchedApp {
  /** The DIAL resource of the running instance, if the television names one. */
  readonly instanceUrl?: string
  /**
   * Stops the application.
   *
   * @throws DvbcssError `DVBCSS_ERR_LAUNCH`
   */
  stop(): Promise<void>
}

const OPTIONS: OptionTable<LaunchOptions, 'timeoutSeconds'> = {
  timeoutSeconds: option.withDefault(option.seconds({ above: 0 }), 10),
  signal: option.instance(AbortSignal, 'an AbortSignal'),
}

/**
 * Asks a television to start an HbbTV application (HbbTV 2). The television, or whoever watches it, may refuse.
 *
 * @param television one of `discoverTelevisions()`
 * @param document an XML AIT document (ETSI TS 102 809, clause 5.4) of at most 4096 bytes, for example of {@link applicationDocument}
 * @throws DvbcssError `DVBCSS_ERR_LAUNCH` if the television refuses or cannot be reached; what `signal` was aborted with
 */
export async function launchApp(
  television: { readonly applicationUrl: string },
  document: string,
  options: LaunchOptions = {},
): Promise<LaunchedApp> {
  const { timeoutSeconds, signal } = checkOptions(OPTIONS, options)
  checkOption(
    'document',
    option.custom(`an XML document of at most ${MAX_LAUNCH_BYTES} bytes`, (value) => isLaunchable(value)),
    document,
  )
  const { applicationUrl } = television
  const host = new URL(applicationUrl).hostname
  const send = async (method: 'POST' | 'DELETE', url: string, body?: string) => {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/xml' }
    const response = await requestDevice(url, {
      method,
      headers,
      host,
      timeoutSeconds,
      signal,
      ...(body !== undefined && { body }),
    })
    if (typeof response === 'string') throw new DvbcssError('DVBCSS_ERR_LAUNCH', `${method} ${url}: ${response}`)
    if (response.status >= 300) {
      const why = response.status === 403 ? ': the television, or its user, does not allow it' : ''
      throw new DvbcssError('DVBCSS_ERR_LAUNCH', `${method} ${url}: HTTP status ${response.status}${why}`)
    }
    return response
  }
  const { headers } = await send('POST', applicationUrl, document)
  const location = headers.get('location')
  const instanceUrl =
    location !== null && URL.canParse(location, applicationUrl) ? new URL(location, applicationUrl).href : undefined
  return {
    ...(instanceUrl !== undefined && { instanceUrl }),
    stop: async () => {
      await send('DELETE', instanceUrl ?? `${applicationUrl}/run`)
    },
  }
}

/** What starts an application. */
export interface ApplicationToLaunch {
  /** Of its first page. */
  readonly url: string
  /** The English name of the application (`appName` of the AIT). Default `Application`. */
  readonly name?: string
  /** The `orgId` of the AIT entry, which identifies the organisation that publishes the application. Default 1. */
  readonly organisationId?: number
  /** The `appId` of the AIT entry, which identifies the application within its organisation. Default 1. */
  readonly applicationId?: number
}

/** The XML AIT document (ETSI TS 102 809, clause 5.4) that describes one application for {@link launchApp}. */
export function applicationDocument({
  url,
  name = 'Application',
  organisationId = 1,
  applicationId = 1,
}: ApplicationToLaunch): string {
  const { origin, pathname, search, hash } = new URL(url)
  const folder = pathname.slice(0, pathname.lastIndexOf('/') + 1)
  const page = `${pathname.slice(folder.length)}${search}${hash}`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<mhp:ServiceDiscovery xmlns:mhp="urn:dvb:mhp:2009" xmlns:hbb="urn:hbbtv:application_descriptor:2014" ' +
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    `<mhp:ApplicationDiscovery DomainName="${escaped(new URL(url).hostname)}"><mhp:ApplicationList><mhp:Application>`,
    `<mhp:appName Language="eng">${escaped(name)}</mhp:appName>`,
    `<mhp:applicationIdentifier><mhp:orgId>${organisationId}</mhp:orgId><mhp:appId>${applicationId}</mhp:appId></mhp:applicationIdentifier>`,
    '<mhp:applicationDescriptor xsi:type="hbb:HbbTVApplicationDescriptor">',
    '<mhp:type><mhp:OtherApp>application/vnd.hbbtv.xhtml+xml</mhp:OtherApp></mhp:type>',
    '<mhp:controlCode>AUTOSTART</mhp:controlCode><mhp:visibility>VISIBLE_ALL</mhp:visibility>',
    '<mhp:serviceBound>false</mhp:serviceBound><mhp:priority>1</mhp:priority><mhp:version>01</mhp:version>',
    '<mhp:mhpVersion><mhp:profile>0</mhp:profile><mhp:versionMajor>1</mhp:versionMajor><mhp:versionMinor>3</mhp:versionMinor>' +
      '<mhp:versionMicro>1</mhp:versionMicro></mhp:mhpVersion>',
    '</mhp:applicationDescriptor>',
    `<mhp:applicationTransport xsi:type="mhp:HTTPTransportType"><mhp:URLBase>${escaped(origin + folder)}</mhp:URLBase></mhp:applicationTransport>`,
    `<mhp:applicationLocation>${escaped(page)}</mhp:applicationLocation>`,
    '</mhp:Application></mhp:ApplicationList></mhp:ApplicationDiscovery></mhp:ServiceDiscovery>',
    '',
  ].join('\n')
}

function isLaunchable(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_LAUNCH_BYTES
}
