// @ts-check
// The processes of a bench. Each server and each group of clients has its own, so that their CPU times can be distinguished.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that is accepting 10,000 connections responds slowly. */
const ANSWER_TIMEOUT_MILLIS = 180_000

/** A child process that answers requests (see answering.js). */
class BenchProcess {
  /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
  #open = new Map()
  #asked = 0
  #child

  /** @param {string} file relative to bench/ @param {object} options @param {string[]} execArgv */
  constructor(file, options, execArgv) {
    this.name = `${file} ${JSON.stringify(options)}`
    const path = fileURLToPath(new URL(file, import.meta.url))
    this.#child = fork(path, [JSON.stringify(options)], { execArgv: ['--expose-gc', ...execArgv] })
    this.#child.on('message', (/** @type {any} */ { id, answer, error }) => {
      const question = this.#open.get(id)
      this.#open.delete(id)
      if (error === undefined) question?.resolve(answer)
      else question?.reject(new Error(`${this.name}: ${error}`))
    })
    this.ended = once(this.#child, 'exit').then(([code]) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${this.name}: exited with code ${code}`))
    })
  }

  /** @param {string} question @param {object} [details] @returns {Promise<any>} */
  async ask(question, details = {}) {
    this.#asked += 1
    const id = this.#asked
    const answer = new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }))
    const timer = setTimeout(() => {
      this.#open.get(id)?.reject(new Error(`${this.name}: no answer to "${question}"`))
    }, ANSWER_TIMEOUT_MILLIS)
    if (this.#child.connected) this.#child.send({ id, question, details })
    else this.#open.get(id)?.reject(new Error(`${this.name}: has exited`))
    try {
      return await answer
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the process gracefully, so that it writes its CPU profile. */
  async end() {
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await this.ended
    clearTimeout(timer)
  }
}

/** Starts the processes of a bench, and ends them. */
export class Processes {
  /** @type {Set<BenchProcess>} */
  #running = new Set()
  #profileArgs

  /** @param {(options: object) => string[]} profileArgs arguments of Node for a server, to write a CPU profile */
  constructor(profileArgs = () => []) {
    this.#profileArgs = profileArgs
  }

  /** @param {string} file @param {object} options @returns {Promise<BenchProcess & { ready: any }>} */
  async start(file, options = {}) {
    const child = new BenchProcess(file, options, file.startsWith('servers/') ? this.#profileArgs(options) : [])
    this.#running.add(child)
    return Object.assign(child, { ready: await child.ask('ready') })
  }

  /** @param {BenchProcess[]} children default: all */
  async end(...children) {
    const ending = children.length === 0 ? [...this.#running] : children
    await Promise.all(
      ending.map(async (child) => {
        await child.end()
        this.#running.delete(child)
      }),
    )
  }
}
