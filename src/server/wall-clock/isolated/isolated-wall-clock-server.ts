import { type Clock, DoublingWait } from '../../../clocks/index.js'
import { OperationOrder } from '../../../udp/index.js'
import { checkOption, checkOptions, type OptionTable } from '../../../validation/index.js'
import { AddressFilter, type Logger, othersOf } from '../../endpoint/index.js'
import {
  CLOCK,
  LatencyHistogram,
  type RecentClient,
  UDP_REQUEST_SERVER_OPTIONS,
  type UdpRequestServerStatistics,
  type UdpServerAddress,
  WALL_CLOCK_HANDLER_OPTIONS,
  type WallClockHandlerOptions,
} from '../index.js'
import { type IsolatedClockLine, NO_TIME, readClockLine } from './isolated-clock-line.js'
import { SharedCounters, sumOf } from './isolated-counters.js'
import { ClockLineWriter } from './isolated-line-memory.js'
import type { IsolatedServerOptions } from './isolated-messages.js'
import { IsolatedWorker } from './isolated-worker.js'

/** Options of {@link IsolatedWallClockServer}. */
export interface IsolatedWallClockServerOptions extends WallClockHandlerOptions, IsolatedServerOptions {
  /** Receives the log of the UdpRequestServer, and lines about workers that died or were restarted. */
  readonly logger?: Logger | undefined
}

const { maxMessageBytes: _, ...SERVER_OPTIONS } = UDP_REQUEST_SERVER_OPTIONS

const ISOLATED_WALL_CLOCK_SERVER_OPTIONS: OptionTable<
  IsolatedWallClockServerOptions,
  'port' | 'maxRequestsPerSecond' | 'maxRequestsPerSecondTotal' | 'maxRecentClients' | 'followUp'
> = { ...SERVER_OPTIONS, ...WALL_CLOCK_HANDLER_OPTIONS }

/** Counters of an {@link IsolatedWallClockServer}, summed over all its workers. */
export interface IsolatedWallClockServerStatistics extends UdpRequestServerStatistics {
  /** Number of workers that died and were replaced. */
  readonly restarts: number
}

/** A wall clock server over UDP, in the app's thread or in one of its own. */
export interface WallClockUdpServer {
  /** The first address on which it listens, or null while it is stopped. */
  readonly address: UdpServerAddress | null
  /** Every address on which it listens, all with the same port: with IPv4 and IPv6 there are two. */
  readonly addresses: readonly UdpServerAddress[]
  /** Counters; `restarts` only for a server in a thread of its own. */
  readonly statistics: UdpRequestServerStatistics & {
    /** How often a worker thread died and was replaced. Absent if the server runs in the thread of the app. */
    readonly restarts?: number
  }
  /** How many clients `recentClients` lists at most; 0 while they are not recorded. Can be set at any time, which forgets the earlier ones. */
  maxRecentClients: number
  /**
   * The clients whose requests were answered most recently, by their sources; the latest first. A server in a thread of its own reports
   * them once a second.
   */
  recentClients(): readonly RecentClient[]
  /**
   * Binds the socket and waits until it is bound; does nothing if the server is running.
   *
   * @throws Error with the `code` of the system, such as `EADDRINUSE`.
   */
  start(): Promise<void>
  /** Closes the socket and waits until it is closed; does nothing if the server is stopped. */
  stop(): Promise<void>
}

/**
 * The line is posted at every change, and at this interval for changes without an event, such as a growing dispersion of a paused clock.
 */
const REPOST_MILLIS = 1000
const FIRST_RESTART_MILLIS = 10
const MAX_RESTART_MILLIS = 5000
/** A worker that has run this long did not die because of its start. */
const SETTLED_MILLIS = 30_000

/**
 * A wall clock server in a thread of its own, which answers requests at once however busy the app's event loop is. The clock stays in
 * the app's thread; its changes reach the other thread through shared memory before the setter returns.
 *
 * A thread that dies is replaced by another on the same port. The counters continue; at most the counts of failed sends and sockets
 * of the last second are lost.
 */
export class IsolatedWallClockServer implements WallClockUdpServer {
  /** Time from receipt to transmission of each response, of all threads. */
  readonly replyTimes: LatencyHistogram = new LatencyHistogram()
  readonly #wallClock: Clock
  #serverOptions: IsolatedServerOptions
  readonly #handlerOptions: WallClockHandlerOptions
  readonly #logger: Logger | undefined
  readonly #line = new ClockLineWriter()
  #lineIsLost = false
  /** The counters of earlier workers. */
  #counted: UdpRequestServerStatistics = new SharedCounters().read()
  #counters = new SharedCounters()
  #restarts = 0
  readonly #restartWait = new DoublingWait(FIRST_RESTART_MILLIS, MAX_RESTART_MILLIS)
  #running = false
  #worker: IsolatedWorker | undefined
  #addresses: readonly UdpServerAddress[] = []
  #recentClients: readonly RecentClient[] = []
  #unfollow: (() => void) | undefined
  #restartTimer: NodeJS.Timeout | undefined
  /** The restart in progress. */
  #restart: Promise<void> = Promise.resolve()
  readonly #order = new OperationOrder()

  /**
   * @param wallClock its root must be a SystemClock without a `source`, because other threads cannot read any other.
   * @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError
   */
  constructor(wallClock: Clock, options: IsolatedWallClockServerOptions = {}) {
    const others = othersOf(new.target, IsolatedWallClockServer)
    const checked = checkOptions(ISOLATED_WALL_CLOCK_SERVER_OPTIONS, options, { others })
    const { precisionSeconds, maxFreqErrorPpm, followUp, logger } = checked
    const { host, port, maxRequestsPerSecond, maxRequestsPerSecondTotal, maxRecentClients, allow, deny } = checked
    AddressFilter.of(checked)
    this.#serverOptions = {
      host,
      port,
      maxRequestsPerSecond,
      maxRequestsPerSecondTotal,
      maxRecentClients,
      allow,
      deny,
    }
    this.#handlerOptions = { precisionSeconds, maxFreqErrorPpm, followUp }
    this.#line.write(readClockLine(checkOption('wallClock', CLOCK, wallClock)))
    this.#wallClock = wallClock
    this.#logger = logger
  }

  /** The address on which the server listens, also while a worker is being replaced; null while it is stopped. */
  get address(): UdpServerAddress | null {
    return this.#addresses[0] ?? null
  }

  /** Every address on which the server listens, as {@link UdpRequestServer.addresses}. */
  get addresses(): readonly UdpServerAddress[] {
    return this.#addresses
  }

  /** A snapshot of the counters, including those of the worker. They continue over a stop and a start. */
  get statistics(): IsolatedWallClockServerStatistics {
    return { ...sumOf([this.#counted, this.#counters.read()]), restarts: this.#restarts }
  }

  /** How many clients {@link recentClients} lists at most; 0 while they are not recorded. */
  get maxRecentClients(): number {
    return this.#serverOptions.maxRecentClients ?? 0
  }

  /**
   * Changes the maximum, for the requests from now on: the clients that were recorded before are forgotten.
   *
   * @throws InvalidOptionError
   */
  set maxRecentClients(value: number) {
    const table = ISOLATED_WALL_CLOCK_SERVER_OPTIONS
    const maxRecentClients = checkOption('maxRecentClients', table.maxRecentClients, value)
    if (maxRecentClients === this.maxRecentClients) return
    this.#serverOptions = { ...this.#serverOptions, maxRecentClients }
    this.#recentClients = []
    this.#worker?.record(maxRecentClients)
  }

  /**
   * The clients whose requests were answered most recently, by their sources; the latest first. The thread reports them once a second;
   * one that replaces another begins anew.
   */
  recentClients(): readonly RecentClient[] {
    return this.#recentClients
  }

  /**
   * Starts the worker and waits until its socket is bound; has no effect if it is running. Calls of `start` and `stop` take effect in
   * order.
   *
   * @throws Error with the system's `code` (`EADDRINUSE`, …), whose message names the host, the port and a way out.
   */
  start(): Promise<void> {
    return this.#order.add(() => this.#open())
  }

  /** Closes the socket, ends the worker and waits for both; has no effect if it is stopped. */
  stop(): Promise<void> {
    return this.#order.add(() => this.#close())
  }

  async #open(): Promise<void> {
    if (this.#running) return
    const unfollow = this.#followClock()
    try {
      await this.#launch(this.#serverOptions.port)
    } catch (error) {
      unfollow()
      throw error
    }
    this.#unfollow = unfollow
    this.#running = true
  }

  async #close(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    clearTimeout(this.#restartTimer)
    await this.#restart
    const worker = this.#worker
    this.#worker = undefined
    this.#addresses = []
    this.#unfollow?.()
    await worker?.stop()
  }

  async #launch(port: number | undefined): Promise<void> {
    this.#counted = sumOf([this.#counted, this.#counters.read()])
    this.#counters = new SharedCounters()
    const serverOptions = this.#serverOptions
    const worker = await IsolatedWorker.start(
      {
        line: this.#line.buffer,
        counters: this.#counters.buffer,
        serverOptions: { ...serverOptions, port },
        replyTimes: this.replyTimes.memory,
        handlerOptions: this.#handlerOptions,
      },
      (clients) => {
        if (this.maxRecentClients > 0) this.#recentClients = clients
      },
      this.#logger,
    )
    this.#worker = worker
    this.#addresses = worker.addresses
    // Changed while the worker was starting.
    if (serverOptions !== this.#serverOptions) worker.record(this.maxRecentClients)
    const started = performance.now()
    void worker.ended.then((err) => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      if (performance.now() - started > SETTLED_MILLIS) this.#restartWait.reset()
      this.#restartAfter(err, 'wall clock worker died, restarting')
    })
  }

  #restartAfter(err: unknown, what: string): void {
    const restartMillis = this.#restartWait.next()
    this.#logger?.error({ err, restartMillis }, what)
    this.#restartTimer = setTimeout(() => {
      this.#restart = this.#relaunch()
    }, restartMillis)
  }

  async #relaunch(): Promise<void> {
    try {
      await this.#launch(this.address?.port)
    } catch (err) {
      if (this.#running) this.#restartAfter(err, 'wall clock worker could not be restarted, trying again')
      return
    }
    this.#restarts += 1
    this.#logger?.info({ restarts: this.#restarts }, 'wall clock worker restarted')
  }

  #followClock(): () => void {
    const post = (): void => this.#line.write(this.#readLine())
    post()
    const unfollow = this.#wallClock.on('change', post)
    const timer = setInterval(post, REPOST_MILLIS).unref()
    return () => {
      unfollow()
      clearInterval(timer)
    }
  }

  /** Never throws, because the code that changes the clock is not responsible for its server. */
  #readLine(): IsolatedClockLine {
    try {
      const line = readClockLine(this.#wallClock)
      this.#lineIsLost = false
      return line
    } catch (err) {
      if (!this.#lineIsLost) this.#logger?.error({ err }, 'wall clock cannot be followed, and is not answered for')
      this.#lineIsLost = true
      return NO_TIME
    }
  }
}
