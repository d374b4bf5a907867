import { MessageError, type UnknownObject } from '../index.js'
import type { Forgiveness } from './forgiveness.js'

/** The entries of a list. A single object stands for a list of one, and an empty object for an empty list. */
export function entriesOf(field: string, value: unknown, forgiveness: Forgiveness): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'object' && value !== null) {
    forgiveness.add('object-for-list', field, 'a list', value)
    return Object.keys(value as UnknownObject).length === 0 ? [] : [value]
  }
  throw new MessageError('wrong-type', field, 'a list', value)
}

/** Reads the entries of a list one by one; those that are not understood are left out. */
export function readEntries<Entry>(
  field: string,
  value: unknown,
  forgiveness: Forgiveness,
  read: (place: string, entry: unknown) => Entry,
): Entry[] {
  const entries: Entry[] = []
  for (const [index, entry] of entriesOf(field, value, forgiveness).entries()) {
    const place = `${field}[${index}]`
    try {
      entries.push(read(place, entry))
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      forgiveness.add('invalid-property', error.field, 'a valid value', error.value, `${place} is left out`)
    }
  }
  return entries
}
