import { describe, expect, it, vi } from 'vitest'
import { dashPlayerFor } from '../../../../src/television/media/index.js'
import type { Programme } from '../../../../src/television/protocol/index.js'

vi.mock('node:module', () => ({
  createRequire: () => ({
    resolve: (name: string) => {
      throw new Error(`Cannot find module '${name}'`)
    },
  }),
}))

const FILM: Programme = { id: 'film', title: 'Film', contentId: 'dvb://1.2.3', sources: [], alternatives: [] }

describe('a television without dash.js', () => {
  it('shows files, and says what a DASH stream needs', () => {
    expect(dashPlayerFor([FILM])).toBeUndefined()
    expect(() => dashPlayerFor([FILM, { ...FILM, mpdUrl: 'http://127.0.0.1/stream.mpd' }])).toThrow(
      expect.objectContaining({
        code: 'DVBCSS_ERR_MEDIA',
        message:
          'cannot play http://127.0.0.1/stream.mpd: DASH streams need the package dashjs; install it with: npm install dashjs',
      }),
    )
  })
})
