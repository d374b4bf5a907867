import { Worker } from 'node:worker_threads'
import { DvbcssError } from '../../../validation/index.js'
import type { Logger } from '../../endpoint/index.js'
import type { RecentClient, UdpServerAddress } from '../index.js'
import type { WallClockWorkerData, WallClockWorkerMessage, WallClockWorkerOrder } from './isolated-messages.js'

/** How long a worker may take to stop before it is terminated. */
const STOP_GRACE_MILLIS = 2000

/** A thread with a bound wall clock server, until it is stopped or dies. */
export class IsolatedWorker {
  readonly addresses: readonly UdpServerAddress[]
  /** Resolves with the reason when the thread has ended. */
  readonly ended: Promise<Error>
  readonly #worker: Worker

  private constructor(worker: Worker, ended: Promise<Error>, addresses: readonly UdpServerAddress[]) {
    this.#worker = worker
    this.ended = ended
    this.addresses = addresses
  }

  /**
   * @param reported called with the recent clients, at most once a second, if they are recorded.
   * @param logger receives the log of the server in the thread.
   * @throws the error of UdpRequestServer if it cannot be bound, or an earlier error in the thread.
   */
  static async start(
    data: WallClockWorkerData,
    reported: (clients: readonly RecentClient[]) => void,
    logger: Logger | undefined,
  ): Promise<IsolatedWorker> {
    // Node options of the app's thread, such as loaders, must not apply to this one.
    const worker = new Worker(programUrl(), { workerData: data, execArgv: [], name: 'wall-clock' })
    const ended = endOf(worker)
    const bound = new Promise<readonly UdpServerAddress[]>((resolve, reject) => {
      worker.on('message', (message: WallClockWorkerMessage) => {
        if (message.kind === 'log') logger?.[message.level](message.fields, message.message)
        else if (message.kind === 'clients') reported(message.clients)
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

  /** Changes how many clients are recorded. */
  record(maxRecentClients: number): void {
    this.#say({ kind: 'record', maxRecentClients })
  }

  /** Closes the socket and ends the thread, and waits for both. */
  async stop(): Promise<void> {
    this.#say({ kind: 'stop' })
    const timer = setTimeout(() => this.#worker.terminate(), STOP_GRACE_MILLIS)
    await this.ended
    clearTimeout(timer)
  }

  #say(order: WallClockWorkerOrder): void {
    this.#worker.postMessage(order)
  }
}

/** The compiled program, because Node 20 cannot start a thread from TypeScript: beside this file's bundle, or in the build folder. */
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
