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
