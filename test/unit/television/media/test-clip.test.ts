import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openMedia } from '../../../../src/television/media/index.js'

const MEDIA = fileURLToPath(new URL('../../../../media', import.meta.url))

describe('the test clip', () => {
  it('is the programme of a television that was given none, with every alternative that a companion can choose', async () => {
    const { programmes, files, origins } = await openMedia({ contentId: 'dvb://233a.1004.1044' })
    expect(programmes).toMatchObject([
      {
        title: 'Test clip',
        contentId: 'dvb://233a.1004.1044',
        durationSeconds: 40,
        sources: [
          { url: 'media/test-clip.mp4', type: 'video/mp4' },
          { url: 'media/test-clip.webm', type: 'video/webm' },
        ],
      },
    ])
    const alternatives = programmes[0]?.alternatives ?? []
    expect(alternatives.map(({ id, label }) => [id, label]).sort()).toEqual([
      ['audio-de', 'Deutsch'],
      ['subtitles-de', 'Deutsch'],
      ['subtitles-en', 'English'],
      ['video-camera-2', 'Camera 2'],
    ])
    const audio = alternatives.find(({ kind }) => kind === 'audio')
    expect(audio?.sources.map(({ type }) => type)).toEqual(['audio/mp4', 'audio/webm'])
    expect([...files].sort()).toEqual(readdirSync(MEDIA).sort())
    expect(origins).toEqual([])
  })

  it('adds at most 1.5 MB to the package', () => {
    const bytes = readdirSync(MEDIA).reduce((sum, name) => sum + statSync(`${MEDIA}/${name}`).size, 0)
    expect(bytes).toBeLessThanOrEqual(1_500_000)
  })
})
