import type { WallClockClientOptions } from '../../src/companion/wall-clock/wall-clock-options.js'
import { type Fate, Simulation } from './wall-clock-simulation.js'

/** Times in seconds. */
interface Network {
  readonly fate: (random: () => number, seconds: number, idleSeconds: number) => Fate
  /** By how much the oscillators are really off; both state 500 ppm. */
  readonly parentPpm?: number
  readonly serverPpm?: number
}

const between = (random: () => number, from: number, to: number): number => from + (to - from) * random()

/** A queue that is nearly always short: exponential, as the waits of an idle machine are. */
const waiting = (random: () => number, mean: number): number => -mean * Math.log(1 - random())

const lan = (random: () => number): Fate => ({
  outward: between(random, 0.0003, 0.0006),
  homeward: between(random, 0.0003, 0.0006),
})

const wifi = (random: () => number): Fate => ({
  isLost: random() < 0.05,
  outward: between(random, 0.002, 0.008),
  homeward: between(random, 0.002, 0.008),
})

/** The networks in which the wall clock client is measured. */
export const NETWORKS: Readonly<Record<string, Network>> = {
  'idle loopback': {
    fate: (random) => ({ outward: 30e-6 + waiting(random, 10e-6), homeward: 30e-6 + waiting(random, 10e-6) }),
  },
  'loopback, slow to wake up': {
    // A processor that has slept takes a while for the request, and less for the answer.
    fate: (random, _seconds, idleSeconds) => ({
      outward: 30e-6 + waiting(random, 10e-6) + (idleSeconds > 0.01 ? between(random, 100e-6, 400e-6) : 0),
      homeward: 30e-6 + waiting(random, 10e-6) + (idleSeconds > 0.01 ? between(random, 20e-6, 80e-6) : 0),
    }),
  },
  'LAN, 0.3–0.6 ms each way': { fate: lan, serverPpm: 20, parentPpm: -15 },
  'wifi, 5 ± 3 ms each way, 5 % lost': { fate: wifi, serverPpm: 20, parentPpm: -15 },
  'asymmetric, 2 ms out, 8 ms back': {
    fate: (random) => ({ outward: between(random, 0.002, 0.0024), homeward: between(random, 0.008, 0.0084) }),
    serverPpm: 20,
    parentPpm: -15,
  },
  'LAN, +200 ms for 2 s of every 8 s': {
    fate: (random, seconds) => {
      const { outward = 0, homeward } = lan(random)
      return { ...(homeward === undefined ? {} : { homeward }), outward: outward + (seconds % 8 < 2 ? 0.2 : 0) }
    },
    serverPpm: 20,
    parentPpm: -15,
  },
  'LAN, server 100 ppm fast': { fate: lan, serverPpm: 100 },
  'wifi, server 100 ppm fast': { fate: wifi, serverPpm: 100 },
}

export interface NetworkFigures {
  readonly medianErrorSeconds: number
  readonly p99ErrorSeconds: number
  readonly medianBoundSeconds: number
  /** Samples whose error exceeded the bound. */
  readonly violations: number
  readonly requestsPerInterval: number
}

/** How long the client is left to settle before anything is counted. */
const SETTLING_SECONDS = 5
const SAMPLES = 6000

/**
 * Runs a client in one of the networks for 300 intervals, and 300 s at least.
 * @param seed the same seed gives the same network.
 */
export function measureNetwork(
  name: string,
  seed: number,
  client: Omit<WallClockClientOptions, 'transport' | 'parentClock' | 'timers' | 'timeOfDay'> = {},
): NetworkFigures {
  const network = NETWORKS[name]
  if (network === undefined) throw new Error(`unknown network ${name}`)
  const random = seeded(seed)
  let lastSeconds = Number.NEGATIVE_INFINITY
  const simulation = new Simulation({
    client,
    ...(network.parentPpm === undefined ? {} : { parentPpm: network.parentPpm }),
    ...(network.serverPpm === undefined ? {} : { serverPpm: network.serverPpm }),
    fate: (_index, seconds) => {
      const idleSeconds = seconds - lastSeconds
      lastSeconds = seconds
      return network.fate(random, seconds, idleSeconds)
    },
  })
  simulation.client.start()
  simulation.run(SETTLING_SECONDS)
  const { requestIntervalSeconds = 1 } = client
  const duration = 300 * Math.max(requestIntervalSeconds, 1)
  const before = simulation.requestSeconds.length
  const errors: number[] = []
  const bounds: number[] = []
  let violations = 0
  for (let i = 0; i < SAMPLES; i++) {
    simulation.run(duration / SAMPLES)
    const { error, dispersion } = simulation.sample()
    errors.push(error)
    bounds.push(dispersion)
    if (error > dispersion) violations += 1
  }
  const requests = simulation.requestSeconds.length - before
  simulation.client.stop()
  return {
    medianErrorSeconds: quantile(errors, 0.5),
    p99ErrorSeconds: quantile(errors, 0.99),
    medianBoundSeconds: quantile(bounds, 0.5),
    violations,
    requestsPerInterval: (requests * requestIntervalSeconds) / duration,
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
