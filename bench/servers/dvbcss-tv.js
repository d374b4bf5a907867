// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

const TIMEOUT_MILLIS = 20_000

/**
 * Runs `dvbcss tv` on loopback, on free ports.
 * @param {string} command the path of the `dvbcss` command
 * @param {string[]} args more arguments
 */
export async function startTelevision(command, args = []) {
  const own = ['tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--no-discovery', ...args]
  const child = spawn(process.execPath, [command, ...own], { stdio: ['pipe', 'pipe', 'inherit'] })
  const url = await new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error(`dvbcss tv does not start: ${text}`)), TIMEOUT_MILLIS)
    child.once('exit', (code) => reject(new Error(`dvbcss tv exited with code ${code}: ${text}`)))
    child.stdout.on('data', (data) => {
      text += data
      const found = /picture {2}(http\S+)\/tv/.exec(text)
      if (found === null) return
      clearTimeout(timer)
      resolve(found[1])
    })
  })
  return {
    /** @type {string} */
    url,
    /** Types a command. @param {string} line */
    type(line) {
      child.stdin.write(`${line}\n`)
    },
    async close() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
