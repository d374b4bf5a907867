import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LogLimiter } from '../../../../src/server/endpoint/log-limiter.js'
import { LogLines } from '../../../helpers/log-lines.js'

describe('the limit on log lines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function limited(level = 'info') {
    const stream = new LogLines()
    const log = pino({ level }, stream)
    const time = { seconds: 0 }
    const limiter = new LogLimiter(
      () => log,
      () => time.seconds,
    )
    const lines = (message: string) => stream.lines.filter((line) => line.msg === message)
    return { stream, log, time, limiter, lines }
  }

  it('lets a burst of each kind through, then a few a second', () => {
    const { limiter, log, time, lines } = limited()
    for (let index = 0; index < 1000; index++) {
      limiter.write(log, 'info', { index }, 'connected')
      limiter.write(log, 'info', { index }, 'disconnected')
    }
    expect(lines('connected')).toHaveLength(50)
    expect(lines('disconnected')).toHaveLength(50)
    time.seconds = 2
    for (let index = 0; index < 1000; index++) limiter.write(log, 'info', {}, 'connected')
    expect(lines('connected')).toHaveLength(60)
  })

  it('counts what was left out in one line a second, at the level of the lines', () => {
    const { limiter, log, lines, stream } = limited()
    for (let index = 0; index < 200; index++) {
      limiter.write(log, 'warn', {}, 'bad message')
      limiter.write(log, 'debug', {}, 'message ignored')
    }
    vi.advanceTimersByTime(1000)
    expect(lines('log lines left out: too many of this kind')).toMatchObject([
      { level: 40, kind: 'bad message', leftOut: 150 },
    ])
    vi.advanceTimersByTime(10_000)
    expect(stream.lines).toHaveLength(51)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('makes no fields for a line that is left out', () => {
    const { limiter, log } = limited()
    const fields = vi.fn(() => ({}))
    for (let index = 0; index < 1000; index++) limiter.write(log, 'info', fields, 'setup-data')
    expect(fields).toHaveBeenCalledTimes(50)
  })

  it('survives a logger that throws at the summary', () => {
    const { log } = limited()
    const limiter = new LogLimiter(() => {
      throw new Error('no log')
    })
    for (let index = 0; index < 60; index++) limiter.write(log, 'info', {}, 'connected')
    expect(() => vi.advanceTimersByTime(1000)).not.toThrow()
  })
})
