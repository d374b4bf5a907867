import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { encodeWallClockMessage, WallClockMessageType } from '../../src/messages/index.js'

export const EXAMPLES: URL = new URL('../../examples/', import.meta.url)

/** What a companion asks the wall clock of an example. */
export const WALL_CLOCK_REQUEST: Uint8Array = encodeWallClockMessage({
  type: WallClockMessageType.request,
  precisionSeconds: 0.001,
  maxFreqErrorPpm: 50,
  originateNanos: 1_234_567_890n,
  receiveNanos: 0n,
  transmitNanos: 0n,
})

const running: RunningExample[] = []

/** Ends the examples that a test has started, also when it failed. Call once at the top of a test file. */
export function stopExamplesAfterEach(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((example) => example.kill()))
  })
}

/** An example as its user runs it: a process of its own, with what it prints in a queue. */
export class RunningExample {
  readonly #process: ChildProcess
  readonly #lines: string[] = []
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  /** Resolves with the exit code, or the signal that the process did not handle. */
  readonly exited: Promise<number | NodeJS.Signals | null>
  #stderr = ''
  #hasExited = false

  /** @param name file name in examples/, without `.js`. */
  constructor(name: string, env: Record<string, string> = {}) {
    const { HOST: _host, ...inherited } = process.env
    this.#process = spawn(process.execPath, [fileURLToPath(new URL(`${name}.js`, EXAMPLES))], {
      env: { ...inherited, PORT: '0', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    running.push(this)
    this.#process.stderr?.on('data', (data) => {
      this.#stderr += data
    })
    this.exited = new Promise((resolve) => {
      // 'close' comes after all that was printed, 'exit' may come before.
      this.#process.once('close', (code, signal) => {
        this.#hasExited = true
        for (const { reject } of this.#waiting.splice(0)) reject(this.#ended())
        resolve(code ?? signal)
      })
    })
    if (this.#process.stdout === null) throw new Error('expected a pipe to read from')
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#lines.push(line)
      else waiter.resolve(line)
    })
  }

  /** What it has printed as errors. */
  get stderr(): string {
    return this.#stderr
  }

  /** The oldest line that was not yet taken, or the next that it prints; rejects if it ends instead. */
  next(): Promise<string> {
    const line = this.#lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#hasExited) return Promise.reject(this.#ended())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  /** The URL at the end of the next line. */
  async url(): Promise<string> {
    const line = await this.next()
    const url = /\S+:\/\/\S+$/.exec(line)?.[0]
    if (url === undefined) throw new Error(`expected a line that ends in a URL, received "${line}"`)
    return url
  }

  type(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  /** Asks it to end, and resolves with its exit code. */
  stop(): Promise<number | NodeJS.Signals | null> {
    this.#process.kill('SIGTERM')
    return this.exited
  }

  async kill(): Promise<void> {
    if (!this.#hasExited) this.#process.kill('SIGKILL')
    await this.exited
  }

  #ended(): Error {
    return new Error(`the example has ended; it printed as errors: ${this.#stderr}`)
  }
}
