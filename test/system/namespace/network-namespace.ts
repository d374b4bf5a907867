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

  /** Takes root and Linux. */
  static make(): NetworkNamespace {
    made += 1
    const namespace = new NetworkNamespace(`dvbcss-${process.pid}-${made}`)
    ip('netns', 'add', namespace.#name)
    try {
      namespace.run('ip', 'link', 'set', 'lo', 'up')
    } catch (error) {
      namespace.remove()
      throw error
    }
    return namespace
  }

  run(...command: string[]): void {
    ip('netns', 'exec', this.#name, ...command)
  }

  /** Starts a program beside this file, with a channel for messages. */
  start(program: string, ...args: string[]) {
    return this.#spawn([process.execPath, pathOf(program), ...args])
  }

  /** The same, for which a file beside this one is `/etc/hosts`: `ip netns exec` gives each program mounts of its own. */
  startWithHosts(hosts: string, program: string, ...args: string[]) {
    const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
    return this.#spawn(['sh', '-c', script, 'sh', pathOf(hosts), process.execPath, pathOf(program), ...args])
  }

  #spawn(command: string[]) {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    return spawn('ip', ['netns', 'exec', this.#name, ...command], { stdio: [...stdio] })
  }

  remove(): void {
    ip('netns', 'del', this.#name)
  }
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}
