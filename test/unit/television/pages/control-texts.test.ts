import { describe, expect, it } from 'vitest'
import { kindOf, programOf, shortSelector } from '../../../../src/television/pages/control/companion-name.js'
import { FIRST_FILTER, passes } from '../../../../src/television/pages/control/message-filter.js'
import { bytesText, durationText } from '../../../../src/television/pages/control/units.js'
import type { CompanionReport, MessageEntry } from '../../../../src/television/protocol/index.js'

const CHROME =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36'
const EDGE =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'

describe('the name of a companion', () => {
  it('is its program and system', () => {
    expect(programOf(CHROME)).toBe('Chrome 130, Android')
    expect(programOf(EDGE)).toBe('Edge 131, Windows')
    expect(programOf(FIREFOX)).toBe('Firefox 133, Linux')
    expect(programOf(SAFARI)).toBe('Safari 18, iPhone')
    expect(programOf('okhttp/4.12.0')).toBe('okhttp 4')
  })

  it('is short for any other text, and says something without one', () => {
    expect(programOf('x'.repeat(500))).toHaveLength(40)
    expect(programOf('')).toBe('Companion')
    expect(programOf(null)).toBe('Companion')
  })

  it('says which page of the television it is', () => {
    expect(kindOf({ page: 'companion', userAgent: CHROME } as CompanionReport)).toBe('Companion page')
    expect(kindOf({ page: null, userAgent: CHROME } as CompanionReport)).toBe('Chrome 130, Android')
  })

  it('leaves out what all selectors begin with', () => {
    expect(shortSelector('urn:dvb:css:timeline:temi:1:1')).toBe('temi:1:1')
    expect(shortSelector('urn:other')).toBe('urn:other')
  })
})

describe('a message filter', () => {
  const entry: MessageEntry = {
    at: 0,
    connection: 'ts-1',
    endpoint: 'ts',
    remoteAddress: '192.0.2.1',
    direction: 'in',
    text: '{"contentTime":"1"}',
    rejected: null,
  }
  const passing = (filter: object, part: Partial<MessageEntry> = {}) =>
    passes({ ...FIRST_FILTER, ...filter }, { ...entry, ...part }, (connection) => `companion of ${connection}`)

  it('leaves out the wall clock at first', () => {
    expect(passing({})).toBe(true)
    expect(passing({}, { endpoint: 'wc' })).toBe(false)
    expect(passing({ endpoint: '' }, { endpoint: 'wc' })).toBe(true)
    expect(passing({ endpoint: 'cii' })).toBe(false)
  })

  it('finds text in any case, addresses and reasons', () => {
    expect(passing({ text: 'CONTENTTIME' })).toBe(true)
    expect(passing({ text: '192.0.2.1' })).toBe(true)
    expect(passing({ text: 'not-json' })).toBe(false)
    expect(passing({ text: 'not-json' }, { rejected: 'not-json: x' })).toBe(true)
  })

  it('selects a direction and a companion', () => {
    expect(passing({ direction: 'out' })).toBe(false)
    expect(passing({ companion: 'companion of ts-1' })).toBe(true)
    expect(passing({ companion: 'companion of ts-2' })).toBe(false)
  })
})

describe('numbers on the control page', () => {
  it('are in their largest unit', () => {
    expect([-5, 9400, 90_000, 3_600_000, 8e7, 1e9].map(durationText)).toEqual([
      '0.0 s',
      '9.4 s',
      '90 s',
      '60 min',
      '22 h',
      '12 d',
    ])
    expect([999, 1500, 2_500_000].map(bytesText)).toEqual(['999 B', '1.5 kB', '2.5 MB'])
  })
})
