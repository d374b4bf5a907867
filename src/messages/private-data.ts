import { copyJson } from './json.js'
import { readList, readObject, readString } from './read-field.js'

/** Extension data: an object with a `type`, which is a URI, and any other JSON properties. */
export interface PrivateData {
  /** A URI that identifies the kind of data. */
  type: string
  [key: string]: unknown
}

/**
 * Reads a list of private data into a copy.
 * @throws MessageError if an entry has no `type`, or holds what JSON cannot, or too many levels.
 */
export function readPrivateData(field: string, value: unknown): PrivateData[] {
  return readList(field, value).map((entry, index) => {
    const place = `${field}[${index}]`
    readString(`${place}.type`, readObject(place, entry).type)
    return copyJson(place, entry) as PrivateData
  })
}
