import { describe, expect, it } from 'vitest'
import {
  chosenAlternative,
  goesWithPicture,
  presentationOf,
} from '../../../../src/television/pages/companion/presentation.js'
import type { Alternative, AlternativeKind, Programme } from '../../../../src/television/protocol/index.js'

const source = (url: string) => [{ url, type: '' }]
const alternative = (kind: AlternativeKind): Alternative => ({ id: kind, kind, label: kind, sources: source(kind) })
const FILM: Programme = {
  id: 'film',
  title: 'A film',
  contentId: 'dvb://1.2.3',
  sources: source('film'),
  alternatives: [
    alternative('audio'),
    alternative('audio-description'),
    alternative('video'),
    alternative('subtitles'),
  ],
}
const NOTHING = { picture: [], isPictureSilent: false, sound: [], subtitles: [] }

describe('presentationOf', () => {
  it('is nothing without a programme', () => {
    expect(presentationOf(undefined, 'programme', true)).toEqual(NOTHING)
  })

  it('is the programme, also if it has no such alternative', () => {
    expect(presentationOf(FILM, 'programme', false)).toEqual({ ...NOTHING, picture: source('film') })
    expect(presentationOf(FILM, 'audio-fr', false)).toEqual({ ...NOTHING, picture: source('film') })
  })

  it.each(['audio', 'audio-description'] as const)(
    'plays %s alone, or in place of the sound of the picture',
    (kind) => {
      expect(presentationOf(FILM, kind, false)).toEqual({ ...NOTHING, isPictureSilent: true, sound: source(kind) })
      expect(presentationOf(FILM, kind, true)).toEqual({
        ...NOTHING,
        picture: source('film'),
        isPictureSilent: true,
        sound: source(kind),
      })
    },
  )

  it('shows subtitles alone, or with the picture and its sound', () => {
    expect(presentationOf(FILM, 'subtitles', false)).toEqual({ ...NOTHING, subtitles: source('subtitles') })
    expect(presentationOf(FILM, 'subtitles', true)).toEqual({
      ...NOTHING,
      picture: source('film'),
      subtitles: source('subtitles'),
    })
  })

  it('shows another picture in place of that of the programme', () => {
    for (const withPicture of [true, false]) {
      expect(presentationOf(FILM, 'video', withPicture)).toEqual({ ...NOTHING, picture: source('video') })
    }
    expect(goesWithPicture('video')).toBe(false)
    expect(goesWithPicture(undefined)).toBe(false)
    expect(goesWithPicture('subtitles')).toBe(true)
  })
})

describe('chosenAlternative', () => {
  it('is undefined for the programme itself', () => {
    expect(chosenAlternative(FILM, 'programme')).toBeUndefined()
    expect(chosenAlternative(FILM, 'audio')?.kind).toBe('audio')
  })
})
