import { MessageError } from './message-error.js'
import { readList, readString } from './read-field.js'

export const FIRST_STATUS_WORDS: readonly string[] = ['okay', 'transitioning', 'fault']

/** Splits an encoded presentation status into its words. */
export function decodePresentationStatus(field: string, value: unknown): string[] {
  const words = readString(field, value).split(' ')
  if (!FIRST_STATUS_WORDS.includes(words[0] ?? '') || !words.every(isWord)) {
    throw new MessageError(
      'invalid-value',
      field,
      'words parted by single spaces, the first okay, transitioning or fault',
      value,
    )
  }
  return words
}

/** Validates a presentation status set by an application as a list of words. */
export function checkPresentationStatus(field: string, value: unknown): string[] {
  const words = readList(field, value).map((word, index) => {
    const place = `${field}[${index}]`
    if (isWord(readString(place, word))) return word as string
    throw new MessageError('invalid-value', place, 'a word without spaces', word)
  })
  if (FIRST_STATUS_WORDS.includes(words[0] ?? '')) return words
  throw new MessageError('invalid-value', field, 'a list whose first word is okay, transitioning or fault', value)
}

function isWord(word: string): boolean {
  return word !== '' && !/\s/.test(word)
}
