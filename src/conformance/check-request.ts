import { checkOptions, DvbcssError, type OptionTable, option, wallClockUrl, webSocketUrl } from '../validation/index.js'

/** What to check, and how. */
export interface CheckRequest {
  /** URL of a CII endpoint, or of a wall clock alone. Default: the CII endpoint that the television offers by DIAL. */
  readonly target?: string
  /** URL of the device description, to check how the television is found. */
  readonly descriptionUrl?: string
  /** Of SSDP. Default 1900. */
  readonly ssdpPort?: number
  /** Instead of the `wcUrl` in CII. */
  readonly wcUrl?: string
  /** Instead of the `tsUrl` in CII. */
  readonly tsUrl?: string
  readonly selector?: string
  readonly stem?: string
  readonly seconds: number
  /** The most WebSockets to have open at once. Default 2. */
  readonly connections?: number
  /** The only rules to apply. Default: all. */
  readonly only?: readonly string[]
  /** Rules not to apply. */
  readonly skip?: readonly string[]
  /** Whether to send invalid messages. Default true. */
  readonly garbage?: boolean
  /** Whether violations of every severity fail. Default false. */
  readonly strict?: boolean
}

const OPTIONS: OptionTable<CheckRequest> = {
  target: wallClockUrl(),
  descriptionUrl: option.custom('an http:// or https:// URL', isHttpUrl),
  ssdpPort: option.port(),
  wcUrl: wallClockUrl(),
  tsUrl: webSocketUrl(),
  selector: option.string({ nonEmpty: true }),
  stem: option.string(),
  seconds: option.seconds({ above: 0 }),
  connections: option.integer({ min: 1 }),
  only: option.custom('a list of names of rules', isListOfStrings),
  skip: option.custom('a list of names of rules', isListOfStrings),
  garbage: option.boolean(),
  strict: option.boolean(),
}

/** The target of a check cannot be tested at all. Code `DVBCSS_ERR_UNREACHABLE`. */
export class CheckUnreachableError extends DvbcssError {
  /** Whether the target answered nothing; otherwise there was no connection. */
  readonly isSilent: boolean

  constructor(message: string, { isSilent = false }: { isSilent?: boolean } = {}) {
    super('DVBCSS_ERR_UNREACHABLE', message)
    this.isSilent = isSilent
  }
}

/** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError */
export function checkRequest(request: CheckRequest): void {
  checkOptions(OPTIONS, request)
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
