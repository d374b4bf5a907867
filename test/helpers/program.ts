import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A child process whose output is read line by line. */
export class Program {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  output = ''
  #waiting: (() => void)[] = []

  constructor(file: string, args: readonly string[] = [], env: Record<string, string> = {}) {
    this.process = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env } })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        for (const resolve of this.#waiting.splice(0)) resolve()
      })
    }
    // Not 'exit': there may be output that has not been read yet.
    this.exited = once(this.process, 'close').then(([code]) => {
      for (const resolve of this.#waiting.splice(0)) resolve()
      return code as number | null
    })
  }

  /** The first match in what the program has printed or will print, from a position in its output. */
  async printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output.slice(from))
      if (match !== null) return match
      if (this.process.exitCode !== null) throw new Error(`expected ${pattern} before the exit, got:\n${this.output}`)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }

  /** Types a line, and gives what is printed from then on that matches. */
  async type(line: string, answer: RegExp): Promise<RegExpExecArray> {
    const from = this.output.length
    this.process.stdin?.write(`${line}\n`)
    return this.printed(answer, from)
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal)
    return this.exited
  }
}
