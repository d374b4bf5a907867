import { copyJson, type PrivateData, readObject, readString } from '../index.js'
import type { Forgiveness } from './forgiveness.js'
import { readEntries } from './lenient-list.js'

/** Reads private data. Entries without a `type` are left out; a single object stands for a list of one. */
export function readPrivateDataLeniently(field: string, value: unknown, forgiveness: Forgiveness): PrivateData[] {
  return readEntries(field, value, forgiveness, (place, entry) => {
    readString(`${place}.type`, readObject(place, entry).type)
    return copyJson(place, entry) as PrivateData
  })
}

/** Private data where it is optional and must not be null. */
export function readOptionalPrivateData(
  field: string,
  value: unknown,
  forgiveness: Forgiveness,
): PrivateData[] | undefined {
  if (value === undefined) return undefined
  if (value === null) {
    forgiveness.add('unexpected-null', field, 'a list', value, 'treated as absent')
    return undefined
  }
  if (typeof value === 'object') return readPrivateDataLeniently(field, value, forgiveness)
  forgiveness.add('invalid-property', field, 'a list', value, 'treated as absent')
  return undefined
}
