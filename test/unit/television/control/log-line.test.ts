import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { tapLog } from '../../../../plugins/logged-lines.js'
import { logEntry } from '../../../../src/television/control/log-line.js'

describe('a line of a pino log', () => {
  it('is read with its level, time and fields', () => {
    const line = {
      level: 40,
      time: 1234,
      pid: 1,
      hostname: 'h',
      connection: 'ts-1',
      reason: 'invalid',
      msg: 'bad message',
    }
    expect(logEntry(JSON.stringify(line))).toEqual({
      at: 1234,
      level: 'warn',
      text: 'bad message  connection=ts-1  reason=invalid',
    })
  })

  it('contains the message of an error, and nothing that disturbs a line', () => {
    const entry = logEntry(
      JSON.stringify({ level: 55, time: 1, err: { message: 'no\nway', stack: 'at x' }, msg: 'failed' }),
    )
    expect(entry).toMatchObject({ level: 'error', text: 'failed  err="no\\nway"' })
  })

  it('is undefined for any other text', () => {
    expect(logEntry('Television emulator running')).toBeUndefined()
    expect(logEntry('42')).toBeUndefined()
  })
})

describe('a tapped logger', () => {
  it('passes on its lines and those of its children, and still writes them, until the tap is closed', () => {
    const written: string[] = []
    const taken: string[] = []
    const logger = pino({ level: 'info' }, { write: (line: string) => written.push(line) })
    const child = logger.child({ connection: 'ts-1' })
    const close = tapLog(child, (line) => taken.push(line))
    logger.info('one')
    child.info('two')
    logger.debug('below the level')
    close()
    logger.info('three')
    expect(taken).toHaveLength(2)
    expect(written).toHaveLength(3)
    expect(taken).toEqual(written.slice(0, 2))
  })

  it('has nothing to pass on if it is not a pino logger', () => {
    const silent = { info() {} } as unknown as Parameters<typeof tapLog>[0]
    expect(() => tapLog(silent, () => {})()).not.toThrow()
  })
})
