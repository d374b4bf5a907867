import type { XMLParser } from 'fast-xml-parser'

/** Of the device description (UPnP Device Architecture 1.1, clause 2.3). */
export interface DeviceDescription {
  readonly friendlyName: string
  readonly manufacturer: string
  readonly modelName: string
  /** Without `uuid:`. */
  readonly uuid: string
}

/** Of the description of the HbbTV application (HbbTV 2, clause 14.7). */
export interface HbbtvApplication {
  readonly state: 'running' | 'stopped'
  readonly allowStop: boolean
  readonly app2appUrl?: string
  /** The URL of CSS-CII. */
  readonly interDevSyncUrl?: string
  readonly userAgent?: string
}

/** The one application of HbbTV in DIAL's list of names. */
export const HBBTV_APPLICATION = 'HbbTV'

const DIAL_NAMESPACE = 'urn:dial-multiscreen-org:schemas:dial'
const HBBTV_NAMESPACE = 'urn:hbbtv:HbbTVCompanionScreen:2014'
const DEVICE_TYPE = 'urn:dial-multiscreen-org:device:dial:1'
/** Of a name or a URL in a description of somebody else's. */
const MAX_TEXT = 2048

export function encodeDeviceDescription(device: DeviceDescription): string {
  return document(
    `<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>1</minor></specVersion><device>` +
      element('deviceType', DEVICE_TYPE) +
      element('friendlyName', device.friendlyName) +
      element('manufacturer', device.manufacturer) +
      element('modelName', device.modelName) +
      element('UDN', `uuid:${device.uuid}`) +
      `</device></root>`,
  )
}

export function encodeHbbtvApplication(application: HbbtvApplication): string {
  const { state, allowStop, app2appUrl, interDevSyncUrl, userAgent } = application
  const additional =
    (app2appUrl === undefined ? '' : element('X_HbbTV_App2AppURL', app2appUrl)) +
    (interDevSyncUrl === undefined ? '' : element('X_HbbTV_InterDevSyncURL', interDevSyncUrl)) +
    (userAgent === undefined ? '' : element('X_HbbTV_UserAgent', userAgent))
  return document(
    `<service xmlns="${DIAL_NAMESPACE}" dialVer="2.1">${element('name', HBBTV_APPLICATION)}` +
      `<options allowStop="${allowStop}"/>${element('state', state)}` +
      (state === 'running' ? '<link rel="run" href="run"/>' : '') +
      `<additionalData xmlns="${HBBTV_NAMESPACE}">${additional}</additionalData></service>`,
  )
}

/**
 * Reads a device description.
 *
 * @returns what it says, or what is wrong with it
 */
export async function decodeDeviceDescription(xml: string): Promise<Partial<DeviceDescription> | 'invalid-xml'> {
  const device = child(child(await parse(xml), 'root'), 'device')
  if (device === undefined) return 'invalid-xml'
  return withoutAbsent({
    friendlyName: text(device, 'friendlyName'),
    manufacturer: text(device, 'manufacturer'),
    modelName: text(device, 'modelName'),
    uuid: text(device, 'UDN')?.replace(/^uuid:/i, ''),
  })
}

/** @returns what the description of the HbbTV application says, or what is wrong with it */
export async function decodeHbbtvApplication(xml: string): Promise<HbbtvApplication | 'invalid-xml'> {
  const service = child(await parse(xml), 'service')
  if (service === undefined) return 'invalid-xml'
  const additional = child(service, 'additionalData')
  const allowStop = child(service, 'options')?.['@allowStop']
  return {
    state: text(service, 'state') === 'running' ? 'running' : 'stopped',
    allowStop: allowStop === 'true' || allowStop === '1',
    ...withoutAbsent({
      app2appUrl: text(additional, 'X_HbbTV_App2AppURL'),
      interDevSyncUrl: text(additional, 'X_HbbTV_InterDevSyncURL'),
      userAgent: text(additional, 'X_HbbTV_UserAgent'),
    }),
  }
}

type Element = Readonly<Record<string, unknown>>

/** Loaded when first needed: few of those who install the package read XML. */
async function xmlParser(): Promise<XMLParser> {
  const { XMLParser: Parser } = await import('fast-xml-parser')
  return new Parser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
  })
}

/** @returns undefined for what is not XML, or has a document type: with that, a short text can stand for a huge one. */
async function parse(xml: string): Promise<Element | undefined> {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) return undefined
  try {
    const parsed: unknown = (await xmlParser()).parse(xml)
    return isElement(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function child(parent: Element | undefined, name: string): Element | undefined {
  const found = parent !== undefined && Object.hasOwn(parent, name) ? parent[name] : undefined
  const first = Array.isArray(found) ? found[0] : found
  return isElement(first) ? first : undefined
}

function text(parent: Element | undefined, name: string): string | undefined {
  const found = parent !== undefined && Object.hasOwn(parent, name) ? parent[name] : undefined
  const first = Array.isArray(found) ? found[0] : found
  const value = isElement(first) ? first['#text'] : first
  if (typeof value !== 'string') return undefined
  const trimmed = value.trim()
  return trimmed === '' || trimmed.length > MAX_TEXT ? undefined : trimmed
}

function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withoutAbsent<Value extends object>(
  value: Value,
): { [Name in keyof Value]?: Exclude<Value[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never
}

function document(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${content}\n`
}

function element(name: string, content: string): string {
  return `<${name}>${escaped(content)}</${name}>`
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text for XML, without the control characters that it cannot hold (XML 1.0, clause 2.2). */
export function escaped(content: string): string {
  return content
    .replace(/\p{Cc}/gu, (each) => ('\t\n\r'.includes(each) ? each : ''))
    .replace(/[&<>"]/g, (each) => ESCAPES[each] ?? each)
}
