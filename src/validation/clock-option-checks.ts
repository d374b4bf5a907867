/** A value as an error message shows it: short, and telling `'1'` from `1`. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`
  return String(value)
}

function checkNumber(option: string, value: unknown, takes: string, inRange: (value: number) => boolean): number {
  if (typeof value !== 'number') throw new TypeError(`${option}: expected ${takes}, got ${show(value)}`)
  if (!Number.isFinite(value) || !inRange(value)) {
    throw new RangeError(`${option}: expected ${takes}, got ${show(value)}`)
  }
  return value
}

/** Any finite number. @throws TypeError, RangeError naming the option, what came and what it takes */
export function checkFinite(option: string, value: unknown, takes: string): number {
  return checkNumber(option, value, takes, () => true)
}

/** A finite number above 0. @throws TypeError, RangeError */
export function checkPositive(option: string, value: unknown, takes: string): number {
  return checkNumber(option, value, takes, (n) => n > 0)
}

/** A finite number, 0 or more. @throws TypeError, RangeError */
export function checkNotNegative(option: string, value: unknown, takes: string): number {
  return checkNumber(option, value, takes, (n) => n >= 0)
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${option}: expected a boolean, got ${show(value)}`)
  return value
}

export function checkString(option: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${option}: expected a string, got ${show(value)}`)
  return value
}

export function checkFunction<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw new TypeError(`${option}: expected a function, got ${show(value)}`)
  return value
}
