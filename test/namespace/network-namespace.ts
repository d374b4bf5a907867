import { execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
let made = 0

/** A network of a test's own, with a loopback interface alone. */
export class NetworkNamespace {
  readonly #name: string

  private constructor(name: string) {
    this.#name = name
  }

  /** @returns why there is none, in a string, where none can be made: it takes root and Linux. */
  static make(): NetworkNamespace | string {
    made += 1
    const namespace = new NetworkNamespace(`dvbcss-${process.pid}-${made}`)
    try {
      ip('netns', 'add', namespace.#name)
      namespace.run('ip', 'link', 'set', 'lo', 'up')
      return namespace
    } catch (error) {
      namespace.remove()
      return (error as Error).message
    }
  }

  run(...command: string[]): void {
    ip('netns', 'exec', this.#name, ...command)
  }

  /** Starts a program beside this file, with a channel for messages. */
  start(program: string, ...args: string[]) {
    const file = fileURLToPath(new URL(program, import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    return spawn('ip', ['netns', 'exec', this.#name, process.execPath, file, ...args], { stdio: [...stdio] })
  }

  remove(): void {
    try {
      ip('netns', 'del', this.#name)
    } catch {
      // It was never made.
    }
  }
}
