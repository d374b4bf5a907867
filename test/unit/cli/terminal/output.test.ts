import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Output } from '../../../../src/cli/terminal/output.js'

/** A stream whose reader takes something only when the test says so. */
class Reader extends Writable {
  readonly isTTY = false
  taken = ''
  #take: (() => void) | undefined
  #isReading = false

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#take = () => {
      this.taken += chunk.toString()
      done()
    }
    if (this.#isReading) this.#take()
  }

  read(): void {
    this.#isReading = true
    this.#take?.()
  }
}

function outputTo(reader: Writable, options = {}): Output {
  return new Output(reader as unknown as NodeJS.WriteStream, options)
}

describe('the output', () => {
  it('drops lines that the reader does not take, and counts them when it reads again', async () => {
    const reader = new Reader()
    const output = outputTo(reader)
    const line = `${'x'.repeat(999)}\n`
    for (let index = 0; index < 1000; index++) output.write(line)
    expect(reader.writableLength).toBeLessThan(300_000)
    expect(output.isBehind).toBe(true)
    reader.read()
    await output.flushed(10_000)
    output.write('next\n')
    await output.flushed(10_000)
    const lines = reader.taken.trimEnd().split('\n')
    const written = lines.filter((text) => text.startsWith('x')).length
    expect(lines.slice(written)).toEqual([`${1000 - written} lines dropped: output was not read`, 'next'])
  })

  it('is flushed no later than asked, though nobody reads', async () => {
    const output = outputTo(new Reader())
    output.write('x\n')
    await output.flushed(10)
    expect(output.isBehind).toBe(true)
  })

  it('reports once that its reader has gone, and drops the rest', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(gone) })
    const failures: unknown[] = []
    const output = outputTo(broken, { failed: (error: Error) => failures.push(error) })
    output.write('x\n')
    await new Promise((resolve) => setImmediate(resolve))
    output.write('y\n')
    await output.flushed(10_000)
    expect(failures).toEqual([gone])
  })
})
