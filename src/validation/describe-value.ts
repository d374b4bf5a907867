import { visible } from './visible-text.js'

/** What {@link describeValue} never exceeds, so that a hostile value cannot fill a log. */
export const MAX_DESCRIPTION_LENGTH = 80

const MAX_DESCRIBED_DEPTH = 3
const DESCRIBED_BITS = 128

/**
 * Shows any value on one line of at most {@link MAX_DESCRIPTION_LENGTH} characters, for the text of an error.
 * It takes what no JSON could hold (bigints, symbols, cycles, getters that throw) and never throws itself.
 */
export function describeValue(value: unknown): string {
  try {
    return visible(describe(value, 0), MAX_DESCRIPTION_LENGTH)
  } catch {
    // Only a proxy whose traps throw comes here.
    return `a value of type ${typeof value} that cannot be read`
  }
}

function describe(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      // Cut before it is quoted: the value may be as long as the largest frame.
      return JSON.stringify(value.length > MAX_DESCRIPTION_LENGTH ? value.slice(0, MAX_DESCRIPTION_LENGTH) : value)
    case 'bigint':
      // Writing a bigint in decimal takes quadratic time.
      return BigInt.asIntN(DESCRIBED_BITS, value) === value ? `${value}n` : `a bigint of over ${DESCRIBED_BITS} bits`
    case 'symbol':
      return `Symbol(${describe(value.description ?? '', depth)})`
    case 'function':
      return describeFunction(value)
    case 'object':
      return value === null ? 'null' : describeObject(value, depth)
    default:
      return String(value)
  }
}

function describeFunction(value: object): string {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function'
  const { name } = value as { name?: unknown }
  return typeof name === 'string' && name !== '' ? `the ${kind} ${name}` : `a ${kind}`
}

function describeObject(value: object, depth: number): string {
  if (Array.isArray(value)) return depth >= MAX_DESCRIBED_DEPTH ? '[…]' : `[${describeMembers(value, depth, false)}]`
  const tag = Object.prototype.toString.call(value)
  if (tag !== '[object Object]') return tag
  return depth >= MAX_DESCRIBED_DEPTH ? '{…}' : `{${describeMembers(value, depth, true)}}`
}

function describeMembers(value: object, depth: number, named: boolean): string {
  let text = ''
  for (const key in value) {
    // Through the descriptor, because a getter is the application's code and may throw.
    const member = Object.getOwnPropertyDescriptor(value, key)
    if (member === undefined) continue
    if (text !== '') text += ','
    if (named) text += `${describe(key, depth)}:`
    text += 'value' in member ? describe(member.value, depth + 1) : 'a getter'
    if (text.length > MAX_DESCRIPTION_LENGTH) break
  }
  return text
}
