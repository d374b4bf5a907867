// @ts-check
import { UdpRequestServer, WallClockHandler } from 'fastify-dvbcss'
import {
  FilterAndPredictAlgorithm,
  LowestDispersionAlgorithm,
  MostRecentAlgorithm,
  WallClockClient,
} from 'fastify-dvbcss/client'
import { SharedInstant } from './shared-instant.js'
import { UdpProxy } from './udp-proxy.js'

const ALGORITHMS = [
  () => new LowestDispersionAlgorithm(),
  () => new MostRecentAlgorithm(),
  () => new FilterAndPredictAlgorithm({ maxRoundTripRatio: 4, minSpanSeconds: 2 }),
]
/** Actual frequency errors of the oscillators, in ppm; each states 100 ppm. */
const MOST_PPM = 95
const CLIENTS = 12
const SAMPLE_MILLIS = 4
const WEATHER_MILLIS = 700

/** @typedef {import('../trial.js').Trial} Trial */

/**
 * Runs wall clock clients on a network of changing quality. The error of a sample must never exceed its dispersion.
 * @param {Trial} trial @param {number} samples @param {number} seconds at most
 */
export async function tryWallClockPath(trial, samples, seconds) {
  const random = trial.random.fork(10)
  const instant = new SharedInstant()
  const truth = instant.clock(random.int(0, 1e15), random.int(-MOST_PPM, MOST_PPM))
  const servers = [false, true].map(
    (followUp) => new UdpRequestServer(new WallClockHandler(truth, { followUp }), { host: '127.0.0.1' }),
  )
  for (const server of servers) await server.start()
  const proxies = Array.from({ length: CLIENTS }, (_, index) => new UdpProxy(random.fork(index)))
  /** @type {WallClockClient[]} */
  const clients = []
  for (const [index, proxy] of proxies.entries()) {
    const transport = await proxy.open(servers[index % 2]?.address?.port ?? 0)
    const parentClock = instant.clock(random.int(0, 1e15), random.int(-MOST_PPM, MOST_PPM))
    const algorithm = ALGORITHMS[index % ALGORITHMS.length]?.() ?? new LowestDispersionAlgorithm()
    const slew = index >= CLIENTS / 2
    const client = new WallClockClient({
      transport,
      parentClock,
      algorithm,
      slew,
      requestIntervalSeconds: 0.1,
      maxDispersionSeconds: 10,
    })
    clients.push(client)
    client.start()
  }
  const weather = setInterval(() => random.pick(proxies).changeWeather(), WEATHER_MILLIS / CLIENTS)
  let taken = 0
  let nearest = 0
  const sample = () => {
    instant.hold(() => {
      const now = truth.now()
      for (const [index, { clock }] of clients.entries()) {
        if (!clock.available) continue
        const read = clock.now()
        const [error, bound] = [Math.abs(read - now) / 1e9, clock.dispersionAt(read)]
        taken += 1
        nearest = Math.max(nearest, error / bound)
        trial.expect(
          error <= bound,
          () => `wall clock client ${index} is off by ${error * 1e6} µs, its dispersion is ${bound * 1e6} µs`,
        )
      }
    })
  }
  const sampling = setInterval(sample, SAMPLE_MILLIS)
  await trial.until(`${samples} samples`, () => taken >= samples || trial.failed, seconds)
  clearInterval(sampling)
  clearInterval(weather)
  const total = { carried: 0, lost: 0, duplicated: 0 }
  for (const { counts } of proxies)
    for (const name of /** @type {const} */ (['carried', 'lost', 'duplicated'])) total[name] += counts[name]
  for (const client of clients) client.stop()
  for (const proxy of proxies) proxy.close()
  for (const server of servers) await server.stop()
  const share = (nearest * 100).toFixed(1)
  console.log(
    `wall clock path: ${taken} samples of ${CLIENTS} clients, the largest error was ${share} % of its dispersion`,
  )
  console.log(`  datagrams: ${total.carried} carried, ${total.lost} lost, ${total.duplicated} duplicated`)
}
