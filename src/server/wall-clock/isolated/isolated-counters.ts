import { DROP_REASONS, type UdpRequestServerStatistics } from '../index.js'

const COUNTERS = ['answers', 'followUps', 'sendErrors', 'socketErrors'] as const
const INDEX: ReadonlyMap<string, number> = new Map([...COUNTERS, ...DROP_REASONS].map((name, index) => [name, index]))

/**
 * The counters of a request server in shared memory, which one thread writes and others read at any time. `requests` is not stored: it
 * is the sum of the others at every moment.
 */
export class SharedCounters {
  readonly buffer: SharedArrayBuffer
  readonly #values: Float64Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(INDEX.size * 8)) {
    this.buffer = buffer
    this.#values = new Float64Array(buffer)
  }

  /** Increments a counter or a drop reason. */
  count(name: string): void {
    const index = INDEX.get(name)
    if (index !== undefined) this.#values[index] = (this.#values[index] ?? 0) + 1
  }

  /** Copies the counters of a server. */
  set(statistics: UdpRequestServerStatistics): void {
    for (const [name, index] of INDEX) this.#values[index] = countOf(statistics, name)
  }

  read(): UdpRequestServerStatistics {
    const value = (name: string): number => this.#values[INDEX.get(name) ?? 0] ?? 0
    const dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, value(reason)]))
    const answers = value('answers')
    return {
      requests: Object.values(dropped).reduce((sum, count) => sum + count, answers),
      answers,
      followUps: value('followUps'),
      dropped,
      sendErrors: value('sendErrors'),
      socketErrors: value('socketErrors'),
    }
  }
}

/** The counters of several servers as one. */
export function sumOf(all: readonly UdpRequestServerStatistics[]): UdpRequestServerStatistics {
  const sum = (name: string): number => all.reduce((total, each) => total + countOf(each, name), 0)
  return {
    requests: all.reduce((total, each) => total + each.requests, 0),
    answers: sum('answers'),
    followUps: sum('followUps'),
    dropped: Object.fromEntries(DROP_REASONS.map((reason) => [reason, sum(reason)])),
    sendErrors: sum('sendErrors'),
    socketErrors: sum('socketErrors'),
  }
}

function countOf(statistics: UdpRequestServerStatistics, name: string): number {
  const counter = COUNTERS.find((each) => each === name)
  return (counter === undefined ? statistics.dropped[name] : statistics[counter]) ?? 0
}
