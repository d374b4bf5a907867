import { expect, it } from 'vitest'
import { ownProgrammes } from '../../../../src/television/media/index.js'

it('lets pages load the programmes of an app from the hosts that their URLs name, and from no others', () => {
  const source = (url: string) => ({ url, type: 'video/mp4' })
  const alternative = {
    id: 'de',
    kind: 'audio',
    label: 'Deutsch',
    sources: [source('https://b.example/de.m4a')],
  } as const
  const { origins, files } = ownProgrammes([
    {
      id: 'film',
      title: 'Film',
      contentId: 'dvb://1.2.3',
      sources: [
        source('media/film.mp4'),
        source('https://a.example:8443/film.mp4'),
        source('https://c;sandbox/film.mp4'),
      ],
      alternatives: [alternative],
    },
    {
      id: 'stream',
      title: 'Stream',
      contentId: 'dvb://1.2.4',
      sources: [],
      mpdUrl: 'http://[2001:db8::1]/a.mpd',
      alternatives: [alternative],
    },
  ])
  expect(origins).toEqual(['https://a.example:8443', 'https://b.example', 'http://[2001:db8::1]'])
  expect(files.size).toBe(0)
})
