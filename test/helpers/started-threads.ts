import type { Worker } from 'node:worker_threads'

/** The threads that this process starts from now on, oldest first. */
export class StartedThreads {
  readonly #threads: Worker[] = []
  readonly #onWorker = (worker: Worker): void => void this.#threads.push(worker)

  constructor() {
    process.on('worker', this.#onWorker)
  }

  get count(): number {
    return this.#threads.length
  }

  /** Ends the youngest, as a fault in it would. */
  async kill(): Promise<void> {
    await this.#threads.at(-1)?.terminate()
  }

  close(): void {
    process.off('worker', this.#onWorker)
  }
}
