import { checkOptions, DvbcssError, type OptionTable, option, wallClockUrl, webSocketUrl } from '../validation/index.js'

/** What to check, and how. */
export interface CheckRequest {
  /** URL of a CII endpoint, or of a wall clock alone. */
  readonly target: string
  /** Instead of the `wcUrl` in CII. */
  readonly wcUrl?: string
  /** Instead of the `tsUrl` in CII. */
  readonly tsUrl?: string
  readonly selector?: string
  readonly stem?: string
  readonly seconds: number
}

const OPTIONS: OptionTable<CheckRequest> = {
  target: wallClockUrl(),
  wcUrl: wallClockUrl(),
  tsUrl: webSocketUrl(),
  selector: option.string({ nonEmpty: true }),
  stem: option.string(),
  seconds: option.seconds({ above: 0 }),
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
