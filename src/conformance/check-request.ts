import { checkOptions, type OptionTable, option, wallClockUrl, webSocketUrl } from '../validation/index.js'

/** What the command line asks for. */
export interface CheckRequest {
  /** A CII endpoint, or a wall clock alone. */
  readonly target: string
  readonly wcUrl?: string
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

/** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError */
export function checkRequest(request: CheckRequest): void {
  checkOptions(OPTIONS, request)
}
