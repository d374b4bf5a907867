import { describe, expect, it } from 'vitest'
import { isServedAt } from '../../../src/television/control-access.js'

const CLOSED = { controlHost: undefined, controlToken: undefined }
const OPEN = { controlHost: '0.0.0.0', controlToken: 'secret' }

describe('who may open the control page', () => {
  it.each([
    ['127.0.0.1', 'localhost'],
    ['::1', '[::1]'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'tv.localhost'],
  ])('is somebody on this machine: from %s at %s', (remote, host) => {
    expect(isServedAt(remote, '127.0.0.1', host, CLOSED)).toBe(true)
  })

  it('is nobody else by default', () => {
    expect(isServedAt('192.0.2.7', '192.0.2.1', '192.0.2.1', CLOSED)).toBe(false)
  })

  it('is no page that reached this machine by a name of another one, unless a token protects it', () => {
    expect(isServedAt('127.0.0.1', '127.0.0.1', 'rebound.example', CLOSED)).toBe(false)
    expect(isServedAt('127.0.0.1', '127.0.0.1', 'rebound.example', { ...CLOSED, controlToken: 'secret' })).toBe(true)
  })

  it('is whoever reaches the address at which it is opened', () => {
    expect(isServedAt('192.0.2.7', '192.0.2.1', 'tv', OPEN)).toBe(true)
    const one = { ...OPEN, controlHost: '192.0.2.1' }
    expect(isServedAt('192.0.2.7', '::ffff:192.0.2.1', 'tv', one)).toBe(true)
    expect(isServedAt('192.0.2.7', '198.51.100.1', 'tv', one)).toBe(false)
    expect(isServedAt('192.0.2.7', undefined, 'tv', one)).toBe(false)
  })
})
