import { Worker } from 'node:worker_threads'
import { DvbcssError } from '../../../validation/index.js'
import type { Logger } from '../../endpoint/index.js'
import type { UdpServerAddress } from '../index.js'
import type { WallClockWorkerData, WallClockWorkerMessage } from './isolated-messages.js'

/** How long a worker that was told to stop may take before it is ended from outside. */
const STOP_GRACE_MILLIS = 2000

/** A thread that answers for a wall clock: bound when it is here, until it is stopped or dies. */
export class IsolatedWorker {
  readonly addresses: readonly UdpServerAddress[]
  /** Resolves, when the thread has ended, with the reason. */
  readonly ended: Promise<Error>
  readonly #worker: Worker

  private constructor(worker: Worker, ended: Promise<Error>, addresses: readonly UdpServerAddress[]) {
    this.#worker = worker
    this.ended = ended
    this.addresses = addresses
  }

  /**
   * @param logger hears what the server in the thread has to say.
   * @throws Error as UdpRequestServer does when it cannot be bound; or what went wrong in the thread before that.
   */
  static async start(data: WallClockWorkerData, logger: Logger | undefined): Promise<IsolatedWorker> {
    // What Node was told for the app's thread, a loader for example, is not for this one.
    const worker = new Worker(programUrl(), { workerData: data, execArgv: [], name: 'wall-clock' })
    const ended = endOf(worker)
    const bound = new Promise<readonly UdpServerAddress[]>((resolve, reject) => {
      worker.on('message', (message: WallClockWorkerMessage) => {
        if (message.kind === 'log') logger?.[message.level](message.fields, message.message)
        else if (message.kind === 'bound') resolve(message.addresses)
        else reject(new DvbcssError(message.code, message.message, { cause: message.cause }))
      })
      void ended.then(reject)
    })
    try {
      return new IsolatedWorker(worker, ended, await bound)
    } catch (error) {
      await ended
      throw error
    }
  }

  /** Closes the socket and ends the thread, and waits for both. */
  async stop(): Promise<void> {
    this.#worker.postMessage('stop')
    const timer = setTimeout(() => this.#worker.terminate(), STOP_GRACE_MILLIS)
    await this.ended
    clearTimeout(timer)
  }
}

/** The program in JavaScript, because a thread of Node 20 starts no TypeScript: beside this file's bundle, or where the build puts it. */
function programUrl(): URL {
  const here = import.meta.url
  return new URL(
    here.endsWith('.ts') ? '../../../../dist/plugins/wall-clock-worker.js' : './wall-clock-worker.js',
    here,
  )
}

function endOf(worker: Worker): Promise<Error> {
  return new Promise((resolve) => {
    let failure: Error | undefined
    worker.once('error', (error) => {
      failure = error instanceof Error ? error : workerError(String(error))
    })
    worker.once('exit', (code) => resolve(failure ?? workerError(`the worker ended with code ${code}`)))
  })
}

function workerError(message: string): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_WORKER', message)
}
