import { expect } from 'vitest'
import { MessageError, type MessageErrorKind } from '../../../src/messages/index.js'

/** What a message was refused with. Fails the test if it was taken, or refused with another class of error. */
export function refusal(attempt: () => unknown): MessageError {
  try {
    attempt()
  } catch (error) {
    if (error instanceof MessageError) return error
    throw error
  }
  return expect.fail('nothing was refused')
}

/** A table of refusals: what is given, the kind, the field and the text of the error. */
export interface RefusalVector {
  readonly value: unknown
  readonly kind: MessageErrorKind
  readonly field: string
  readonly text: string
}

/** Checks that each value of a table is refused just so. */
export function expectRefusals(read: (value: unknown) => unknown, vectors: readonly RefusalVector[]): void {
  for (const { value, kind, field, text } of vectors) {
    const error = refusal(() => read(value))
    expect({ kind: error.kind, field: error.field, text: error.message }).toEqual({ kind, field, text })
  }
}
