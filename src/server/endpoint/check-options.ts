import { describeValue } from '../../validation/index.js'
import type { Logger } from './logger.js'

/** @throws TypeError unless the value is a whole number from `least` upward, or Infinity. */
export function checkCount(option: string, value: unknown, least: number): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= least))
    return value as number
  throw new TypeError(
    `${option}: expected a whole number from ${least} upward or Infinity, got ${describeValue(value)}`,
  )
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${option}: expected true or false, got ${describeValue(value)}`)
}

export function checkLogger(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined || (typeof logger?.child === 'function' && typeof logger.info === 'function')) return logger
  throw new TypeError(
    `logger: expected a pino logger or one like it, with child() and info(), got ${describeValue(logger)}`,
  )
}
