import { afterEach, describe, expect, it } from 'vitest'
import { type CheckReport, type Finding, runCheck } from '../../../src/conformance/index.js'
import { RULES } from '../../../src/conformance/rules.js'
import { type DialSeams, SeamedDial } from './seamed-dial.js'
import { SeamedTelevision } from './seamed-television.js'

const DISCOVERY = RULES.discovery.map(({ id }) => id)

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function started(seams: DialSeams = {}): Promise<SeamedDial> {
  const dial = await SeamedDial.start(seams)
  ends.push(() => dial.end())
  return dial
}

async function check(seams: DialSeams): Promise<Finding[]> {
  const dial = await SeamedDial.start(seams)
  try {
    const { location: descriptionUrl, ssdpPort } = dial
    return findingsOf(await runCheck({ descriptionUrl, ssdpPort, seconds: 0.1, only: DISCOVERY }))
  } finally {
    dial.end()
  }
}

const findingsOf = ({ endpoints }: CheckReport): Finding[] => endpoints.flatMap(({ findings }) => findings)
const isViolated = ({ verdict }: Finding) => verdict === 'fail' || verdict === 'warn'

const header = (name: string, value?: string): DialSeams => ({
  answer: ({ [name]: _usual, ...others }) => (value === undefined ? others : { ...others, [name]: value }),
})
const description = (pattern: RegExp | string, text: string): DialSeams => ({
  description: (document) => ({ ...document, body: document.body.replace(pattern, text) }),
})
const application = (pattern: RegExp | string, text: string): DialSeams => ({
  application: (document) => ({ ...document, body: document.body.replace(pattern, text) }),
})
const applicationUrl = (value?: string): DialSeams => ({
  description: ({ headers: { 'Application-URL': _usual, ...others }, ...document }) => ({
    ...document,
    headers: value === undefined ? others : { ...others, 'Application-URL': value },
  }),
})

const BROKEN: readonly (readonly [fault: string, seams: DialSeams, rules: readonly string[]])[] = [
  ['answers no search', { answer: () => undefined }, ['discovery-answers-search']],
  ['answers a search with 404', { statusLine: 'HTTP/1.1 404 Not Found' }, ['discovery-status-line']],
  ['answers with another ST', header('ST', 'ssdp:all'), ['discovery-search-target']],
  ['answers with ST in capitals', header('ST', 'URN:DIAL-MULTISCREEN-ORG:SERVICE:DIAL:1'), ['discovery-search-target']],
  ['answers without USN', header('USN'), ['discovery-usn']],
  ['states USN without the service', header('USN', 'uuid:0f8b7c5b-1e44-4d5e-9a52-7c1f6f2e6a0b'), ['discovery-usn']],
  [
    'states another UUID in USN',
    header('USN', 'uuid:11111111-1e44-4d5e-9a52-7c1f6f2e6a0b::urn:dial-multiscreen-org:service:dial:1'),
    ['discovery-usn-of-device'],
  ],
  ['answers without LOCATION', header('LOCATION'), ['discovery-location']],
  ['states a relative LOCATION', header('LOCATION', '/dd.xml'), ['discovery-location']],
  ['states a LOCATION on another interface', header('LOCATION', 'http://192.0.2.7:80/dd.xml'), ['discovery-location']],
  ['states a LOCATION by name', header('LOCATION', 'http://tv.local/dd.xml'), ['discovery-location']],
  ['answers without CACHE-CONTROL', header('CACHE-CONTROL'), ['discovery-max-age']],
  ['states a max-age of 5 s', header('CACHE-CONTROL', 'max-age=5'), ['discovery-max-age']],
  ['answers without BOOTID.UPNP.ORG', header('BOOTID.UPNP.ORG'), ['discovery-boot-id']],
  ['answers searches for any service', { answersAnything: true }, ['discovery-unknown-target-unanswered']],
  [
    'serves a description that is not XML',
    { description: (document) => ({ ...document, body: '<root><device>' }) },
    ['discovery-description-served'],
  ],
  [
    'serves a description with a document type',
    description('<root', '<!DOCTYPE x><root'),
    ['discovery-description-served'],
  ],
  [
    'serves a huge description',
    { description: (document) => ({ ...document, body: document.body + ' '.repeat(100_000) }) },
    ['discovery-description-served'],
  ],
  ['sends no Application-URL', applicationUrl(), ['discovery-application-url']],
  ['sends a relative Application-URL', applicationUrl('/apps'), ['discovery-application-url']],
  ['sends an Application-URL of another host', applicationUrl('http://192.0.2.7/apps'), ['discovery-application-url']],
  ['sends an Application-URL by name', applicationUrl('http://tv.local/apps'), ['discovery-application-url']],
  ['has no friendlyName', description(/<friendlyName>.*<\/friendlyName>/, ''), ['discovery-device-elements']],
  ['has an empty modelName', description('>1</modelName>', '></modelName>'), ['discovery-device-elements']],
  [
    'serves no HbbTV application',
    { application: (document) => ({ ...document, status: 404 }) },
    ['discovery-application-served'],
  ],
  [
    'serves HTML as the HbbTV application',
    { application: (document) => ({ ...document, body: '<html/>' }) },
    ['discovery-application-served'],
  ],
  ['names the application otherwise', application('<name>HbbTV', '<name>hbbtv'), ['discovery-application-elements']],
  ['has no state', application('<state>running</state>', ''), ['discovery-application-elements']],
  ['has no allowStop', application(' allowStop="false"', ''), ['discovery-application-elements']],
  ['has no App2App', application(/<hbbtv:X_HbbTV_App2AppURL>.*AppURL>/, ''), ['discovery-app2app-url']],
  [
    'offers App2App on another host',
    application('ws://127.0.0.1:1/remote', 'ws://192.0.2.7/remote'),
    ['discovery-app2app-url'],
  ],
  [
    'offers CSS-CII by http',
    application('ws://127.0.0.1:1/cii', 'http://127.0.0.1:1/cii'),
    ['discovery-inter-dev-sync-url'],
  ],
  ['has no user agent', application(/<hbbtv:X_HbbTV_UserAgent>.*Agent>/, ''), ['discovery-user-agent']],
  [
    'rejects clientDialVer',
    { application: (document, { url = '' }) => (url.includes('?') ? { ...document, status: 400 } : document) },
    ['discovery-client-version-accepted'],
  ],
  ['has any application', { otherApplication: 200 }, ['discovery-other-application-not-found']],
  ['answers other applications with 500', { otherApplication: 500 }, ['discovery-other-application-not-found']],
  ['serves foreign pages', { servesForeignOrigins: true }, ['discovery-foreign-origin-refused']],
  ['serves foreign hosts', { servesForeignHosts: true }, ['discovery-foreign-host-refused']],
  ['crashes on a foreign Origin', { crashesOn: ({ headers }) => headers.origin !== undefined }, ['discovery-survives']],
]

// All of them are started together, and each test waits for its own.
const broken = BROKEN.map(([fault, seams, rules]) => {
  const checked = check(seams)
  checked.catch(() => {})
  return { fault, rules, checked }
})

describe('the check of how a television is found, if it', { timeout: 60_000 }, () => {
  it.each(broken)('$fault, finds $rules and no other', async ({ rules, checked }) => {
    expect((await checked).filter(isViolated).map(({ rule }) => rule)).toEqual(rules)
  })

  it('has no fault finds none', async () => {
    const findings = await check({})
    expect(findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(findings.map(({ rule }) => rule)).toEqual(DISCOVERY)
  })
})

describe('a check of a device description', () => {
  it('goes on with the CSS-CII that the television offers', async () => {
    const television = await SeamedTelevision.start()
    ends.push(() => television.end())
    const dial = await started({ ciiUrl: television.url })
    const report = await runCheck({ descriptionUrl: dial.location, ssdpPort: dial.ssdpPort, seconds: 0.5 })
    expect(report.endpoints.map(({ endpoint, url }) => [endpoint, url])).toEqual([
      ['discovery', dial.location],
      ['cii', television.url],
      ['ts', television.cii.tsUrl],
      ['wc', television.cii.wcUrl],
    ])
    expect(findingsOf(report).filter(isViolated)).toEqual([])
  })

  it('judges how the television is found also if its CSS-CII cannot be reached, or is on another host', async () => {
    for (const ciiUrl of ['ws://127.0.0.1:9/cii', 'ws://192.0.2.7/cii']) {
      const dial = await started({ ciiUrl })
      const { endpoints } = await runCheck({ descriptionUrl: dial.location, ssdpPort: dial.ssdpPort, seconds: 0.1 })
      expect(endpoints.map(({ endpoint, untested }) => [endpoint, untested === undefined])).toEqual([
        ['discovery', true],
        ['cii', false],
      ])
    }
  })

  it('fails if nothing answers there', async () => {
    const dial = await started()
    const { location, ssdpPort } = dial
    dial.end()
    const checking = runCheck({ descriptionUrl: location, ssdpPort, seconds: 0.1 })
    await expect(checking).rejects.toMatchObject({ code: 'DVBCSS_ERR_UNREACHABLE' })
  })
})
