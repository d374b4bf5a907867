import { describe } from './cii-message-rules.js'
import { DIAL_SERVICE, type DiscoveryObservations, type SearchAnswer } from './discovery-observations.js'
import { eachOf, fail, type Outcome, pass, type Rule, type Severity, warn } from './rule.js'
import { childOf, textOf } from './xml-document.js'

const CLAUSE_HBBTV = 'HbbTV 2, 14.7'
const CLAUSE_ANSWER = 'UPnP Device Architecture 1.1, 1.3.3'
/** UPnP recommends at least that. */
const MAX_AGE_TO_WARN_OF_SECONDS = 1800
const UUID_URN = /^uuid:[^:]+(?=::|$)/

/** How a television answers searches by SSDP. */
export const DISCOVERY_SEARCH_RULES: readonly Rule<DiscoveryObservations>[] = [
  {
    id: 'discovery-answers-search',
    title: 'a search for the DIAL service is answered',
    source: CLAUSE_HBBTV,
    severity: 'fault',
    harm: 'Every companion app: it does not find the television, and has no field for an address.',
    step: 'discovery-search',
    judge: ({ answers }) =>
      answers.length > 0 ? pass(`${answers.length} received`) : fail('an answer within 1 s', 'none to three searches'),
  },
  answerRule(
    'discovery-status-line',
    'an answer starts with HTTP/1.1 200 OK',
    'fault',
    'Every companion app: it ignores the answer.',
    ({ statusLine }) =>
      /^HTTP\/1\.1 200\b/.test(statusLine) ? undefined : fail('HTTP/1.1 200 OK', describe(statusLine)),
  ),
  answerRule(
    'discovery-search-target',
    'an answer has exactly the ST that was searched for',
    'fault',
    'An HbbTV companion app in the stores: it compares ST letter for letter, and ignores other answers.',
    ({ headers }) => {
      const target = headers.get('ST')
      return target === DIAL_SERVICE ? undefined : fail(describe(DIAL_SERVICE), describe(target))
    },
  ),
  answerRule(
    'discovery-usn',
    'an answer has a USN of the UUID and the service',
    'fault',
    'Companions that identify devices by USN: they list the television twice, or not at all.',
    ({ headers }) => {
      const usn = headers.get('USN')
      const isValid = usn !== undefined && UUID_URN.test(usn) && usn.endsWith(`::${DIAL_SERVICE}`)
      return isValid ? undefined : fail(`uuid:…::${DIAL_SERVICE}`, describe(usn))
    },
  ),
  {
    id: 'discovery-usn-of-device',
    title: 'the UUID in USN is the UDN of the device description',
    source: CLAUSE_ANSWER,
    severity: 'fault',
    harm: 'Companions that identify devices by UUID, also after their address has changed.',
    step: 'discovery-search',
    judge: ({ answers, description }) => {
      const udn = textOf(childOf(childOf(description?.xml, 'root'), 'device'), 'UDN')
      const stated = answers.flatMap(({ headers }) => UUID_URN.exec(headers.get('USN') ?? '')?.[0] ?? [])
      return eachOf(
        udn === undefined ? [] : stated,
        (each) => (each.toLowerCase() === udn?.toLowerCase() ? undefined : fail(describe(udn), describe(each))),
        describe(udn),
        'no UUID in both',
      )
    },
  },
  answerRule(
    'discovery-location',
    'an answer has a LOCATION: an http URL with the address that answered',
    'fault',
    'Every companion app: it cannot load the device description, or not from its network.',
    ({ headers, address }) => {
      const location = headers.get('LOCATION') ?? ''
      const url = URL.canParse(location) ? new URL(location) : undefined
      if (url === undefined || !/^https?:$/.test(url.protocol))
        return fail('an http URL', describe(headers.get('LOCATION')))
      const isAddress = /^[\d.]+$/.test(url.hostname)
      // A name may well be one that the companion can resolve.
      if (!isAddress) return warn(`the address ${address}`, describe(location))
      return url.hostname === address ? undefined : fail(`the address ${address}`, describe(location))
    },
  ),
  answerRule(
    'discovery-max-age',
    'an answer has CACHE-CONTROL with max-age',
    'fault',
    'Companions that list televisions until max-age is over: they drop the television at once, or never.',
    ({ headers }) => {
      const value = headers.get('CACHE-CONTROL')
      const seconds = /max-age\s*=\s*"?(\d+)/i.exec(value ?? '')?.[1]
      if (seconds === undefined) return fail('max-age=1800', describe(value))
      return Number(seconds) < MAX_AGE_TO_WARN_OF_SECONDS
        ? warn(`at least ${MAX_AGE_TO_WARN_OF_SECONDS} s`, `${seconds} s`)
        : undefined
    },
  ),
  answerRule(
    'discovery-boot-id',
    'an answer has BOOTID.UPNP.ORG, a non-negative integer',
    'advice',
    'No companion is known that it harms. With it, companions recognise that a television was restarted.',
    ({ headers }) => {
      const value = headers.get('BOOTID.UPNP.ORG')
      return /^\d+$/.test(value ?? '') ? undefined : fail('an integer', describe(value))
    },
  ),
  {
    id: 'discovery-unknown-target-unanswered',
    title: 'a search for another service is not answered',
    source: 'UPnP Device Architecture 1.1, 1.3.3',
    severity: 'advice',
    harm: 'Apps that search for other devices: they list the television among them.',
    step: 'discovery-search',
    judge: ({ answersToUnknown: [answer] }) =>
      answer === undefined
        ? pass('it is not')
        : fail('no answer', describe(answer.headers.get('ST') ?? answer.statusLine)),
  },
]

function answerRule(
  id: string,
  title: string,
  severity: Severity,
  harm: string,
  problemWith: (answer: SearchAnswer) => Outcome | undefined,
): Rule<DiscoveryObservations> {
  return {
    id,
    title,
    source: CLAUSE_ANSWER,
    severity,
    harm,
    step: 'discovery-search',
    judge: ({ answers }) => eachOf(answers, problemWith, `in all of ${answers.length}`, 'no answer received'),
  }
}
