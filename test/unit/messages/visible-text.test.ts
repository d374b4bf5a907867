import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCii, decodeCii, MessageError } from '../../../src/messages/index.js'
import { describeValue, escapeUnsafe, visible } from '../../../src/validation/index.js'
import { HOSTILE, unsafeCharacters } from '../../helpers/hostile-text.js'

describe('text of a peer', () => {
  it('is shown as it is where it is harmless', () => {
    for (const text of ['', 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M', 'Größe ± 日本語 🎬', '\\u001b']) {
      expect(visible(text)).toBe(text)
    }
  })

  it('has every unsafe character as an escape sequence, one for each UTF-16 code unit', () => {
    expect(visible('a\u001b[31m\u009b\u202e\u2028\u007f\n')).toBe('a\\u001b[31m\\u009b\\u202e\\u2028\\u007f\\u000a')
    expect(visible('\u{e0041}\ud800')).toBe('\\udb40\\udc41\\ud800')
    expect(unsafeCharacters(visible(HOSTILE))).toEqual([])
  })

  it('is never longer than allowed, escape sequences included, and is cut between characters', () => {
    expect(visible('x'.repeat(1e6))).toBe(`${'x'.repeat(255)}…`)
    expect(visible('\u001b'.repeat(1e6), 14)).toBe('\\u001b\\u001b…')
    expect(visible('\u001b'.repeat(3), 15)).toBe('\\u001b\\u001b…')
    expect(visible('🎬🎬🎬', 4)).toBe('🎬…')
    expect(visible('🎬🎬🎬', 6)).toBe('🎬🎬🎬')
  })

  it('is safe and bounded whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 70 }), (text, limit) => {
        const shown = visible(text, limit)
        expect(shown.length).toBeLessThanOrEqual(limit)
        expect(unsafeCharacters(shown)).toEqual([])
        expect(shown).not.toContain('\n')
      }),
    )
  })

  it('in JSON is escaped such that it parses to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = escapeUnsafe(JSON.stringify(value))
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(unsafeCharacters(text)).toEqual([])
      }),
    )
  })

  it('is harmless in the text of an error: values, keys and what is no JSON', () => {
    const errors = [
      () => decodeCii({ contentId: [HOSTILE] }),
      () => decodeCii({ presentationStatus: HOSTILE.replaceAll(/\s/g, '') }),
      () => checkCii({ private: [{ type: 'urn:x', [HOSTILE]: 1n }] }),
    ].map((act) => {
      try {
        act()
      } catch (error) {
        return error as MessageError
      }
      throw new Error('expected an error')
    })
    for (const error of errors) {
      expect(error).toBeInstanceOf(MessageError)
      expect(unsafeCharacters(error.message)).toEqual([])
      expect(error.message).not.toContain('\n')
    }
    for (const value of [HOSTILE, { [HOSTILE]: HOSTILE }, Symbol(HOSTILE), [[HOSTILE]]]) {
      expect(unsafeCharacters(describeValue(value))).toEqual([])
    }
  })
})
