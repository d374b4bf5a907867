import { decodeSetupData, requireObject, type SetupData } from '../index.js'
import type { Forgiveness } from './forgiveness.js'
import { entriesOf } from './lenient-list.js'

/**
 * Decodes setup-data. An absent or null stem is the empty one, which matches any content; private data may be null or an object. The
 * rest must be valid.
 * @throws MessageError that names the invalid property.
 */
export function readSetupDataLeniently(value: unknown, forgiveness: Forgiveness): SetupData {
  const { contentIdStem, timelineSelector, private: privateData } = requireObject('setup-data', value)
  const setup: Record<string, unknown> = { contentIdStem, timelineSelector }
  if (contentIdStem === undefined || contentIdStem === null) {
    const kind = contentIdStem === null ? 'unexpected-null' : 'missing'
    forgiveness.add(kind, 'contentIdStem', 'a string', contentIdStem, 'any content matches')
    setup.contentIdStem = ''
  }
  if (privateData === null) forgiveness.add('unexpected-null', 'private', 'a list', null, 'treated as absent')
  else if (privateData !== undefined) setup.private = entriesOf('private', privateData, forgiveness)
  return decodeSetupData(setup)
}
