import { Writable } from 'node:stream'

/** A pino stream that keeps what is logged, as objects. */
export class LogLines extends Writable {
  readonly lines: Record<string, unknown>[] = []
  readonly #waiting: {
    matches: (line: Record<string, unknown>) => boolean
    resolve: (line: Record<string, unknown>) => void
  }[] = []

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const text of chunk
      .toString()
      .split('\n')
      .filter((line) => line !== '')) {
      const line = JSON.parse(text) as Record<string, unknown>
      this.lines.push(line)
      for (const waiter of [...this.#waiting]) {
        if (!waiter.matches(line)) continue
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        waiter.resolve(line)
      }
    }
    done()
  }

  /** The first line that matches, written already or to come. */
  line(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const found = this.lines.find(matches)
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => {
      this.#waiting.push({ matches, resolve })
    })
  }

  message(text: string): Promise<Record<string, unknown>> {
    return this.line((line) => line.msg === text)
  }
}
