import { describeValue } from './describe-value.js'

/** What went wrong, for programs: the text of an error may change in any version, and its code does not. */
export type DvbcssErrorCode = `DVBCSS_ERR_${string}`

/**
 * The base class of the errors that this package throws or rejects with. `docs/errors.md` lists the codes.
 *
 * @example
 * try {
 *   await app.listen({ port: 7681 })
 * } catch (error) {
 *   if (error instanceof DvbcssError && error.code === 'DVBCSS_ERR_BIND') console.error('choose another port')
 *   else throw error
 * }
 */
export class DvbcssError extends Error {
  /** What went wrong, for programs: it does not change between versions. */
  readonly code: DvbcssErrorCode

  constructor(code: DvbcssErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/**
 * An option or an argument that cannot be used: `"maxConnections" must be a non-negative integer or Infinity; received "10"`.
 * Code `DVBCSS_ERR_INVALID_OPTION`.
 */
export class InvalidOptionError extends DvbcssError {
  /** The name, with the names of the objects that it is in: `slew.maxRatePpm`. */
  readonly option: string

  /** @param expected What the option takes, to follow "must be": `a boolean`. */
  constructor(option: string, expected: string, value: unknown) {
    super('DVBCSS_ERR_INVALID_OPTION', `"${option}" must be ${expected}; received ${describeValue(value)}`)
    this.option = option
  }
}

/** An option that does not exist, probably a misspelt one. Code `DVBCSS_ERR_UNKNOWN_OPTION`. */
export class UnknownOptionError extends DvbcssError {
  /** The name that was given. */
  readonly option: string

  /** @param nearest The known name that is most like it, if one is. */
  constructor(option: string, nearest: string | undefined, known: readonly string[]) {
    const hint = nearest === undefined ? `known options: ${known.join(', ')}` : `did you mean "${nearest}"?`
    super('DVBCSS_ERR_UNKNOWN_OPTION', `unknown option "${describeName(option)}"; ${hint}`)
    this.option = option
  }
}

/**
 * An option whose value is valid by itself, and which does not go with another one. Code `DVBCSS_ERR_CONFLICTING_OPTION`.
 */
export class ConflictingOptionError extends DvbcssError {
  /** The option that cannot be used together with another one. */
  readonly option: string

  /** @param conflict To follow the name of the option: `cannot be combined with a handler instance`. */
  constructor(option: string, conflict: string) {
    super('DVBCSS_ERR_CONFLICTING_OPTION', `"${option}" ${conflict}`)
    this.option = option
  }
}

function describeName(name: string): string {
  return describeValue(name).slice(1, -1)
}
