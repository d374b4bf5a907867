/** What no good client sends: names for people, and what goes over the wire. */
export const RUBBISH: readonly { readonly name: string; readonly data: string | Uint8Array }[] = [
  { name: 'text that is no JSON', data: 'dvbcss check {' },
  { name: 'an empty text', data: '' },
  { name: 'JSON that is no object', data: '[null,7]' },
  { name: 'properties of wrong types', data: '{"contentIdStem":7,"timelineSelector":{},"earliest":[],"latest":null}' },
  { name: 'lists nested 5000 deep', data: '['.repeat(5000) + ']'.repeat(5000) },
  { name: 'a binary frame', data: new Uint8Array(32).fill(0xa5) },
]
