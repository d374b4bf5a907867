import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type * as PromClient from 'prom-client'

import { NANOS_PER_SECOND } from '../src/clocks/index.js'

import { LATENCY_BOUNDS } from '../src/server/wall-clock/index.js'
import { checkOptions, DvbcssError, type OptionTable, option } from '../src/validation/index.js'
import { type AppRegistry, registryOf } from './app-registry.js'
import { describeApp2App } from './app2app-metrics.js'
import { describeDiscovery } from './discovery-metrics.js'
import { counter, type Sample } from './metrics-samples.js'
import { PATH, SCOPE_OPTIONS } from './options.js'

/** A `Registry` of prom-client, as far as this plugin needs one: who does not use metrics need not have its types. */
export interface PrometheusRegistry {
  /** The `Content-Type` of the text that `metrics` returns. */
  readonly contentType: string
  /** Returns all metrics of the registry in the text format of Prometheus. */
  metrics(): Promise<string>
  /** Adds a metric of prom-client to the registry. */
  registerMetric(metric: never): void
}

/** Options of {@link metricsPlugin}. */
export interface MetricsPluginOptions {
  /** Path at which Prometheus finds the metrics. Default `/metrics`. */
  path?: string
  /** A registry of prom-client, for an app that has one. Default: one of its own. */
  register?: PrometheusRegistry
  /** Whether the metrics of the process itself are there too (`collectDefaultMetrics` of prom-client). Default false. */
  defaultMetrics?: boolean
}

export const METRICS_PLUGIN_OPTIONS: OptionTable<MetricsPluginOptions, 'path' | 'defaultMetrics'> = {
  path: option.withDefault(PATH, '/metrics'),
  register: option.custom<PrometheusRegistry>(
    'a Registry of prom-client',
    (value) => typeof (value as Partial<PromClient.Registry> | null)?.registerMetric === 'function',
  ),
  defaultMetrics: option.withDefault(option.boolean(), false),
}

/**
 * Serves the counters of all endpoints of the app to Prometheus. Needs prom-client, which is not installed with this package.
 * Without Prometheus the same counters are at `statistics` of each server.
 */
export const metricsPlugin: FastifyPluginAsync<MetricsPluginOptions> = fp(
  async (app: FastifyInstance, options: MetricsPluginOptions) => {
    const checked = checkOptions(METRICS_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
    const prom = await loadPromClient()
    const register = (checked.register as PromClient.Registry | undefined) ?? new prom.Registry()
    if (checked.defaultMetrics) prom.collectDefaultMetrics({ register })
    describeEndpoints(prom, register, registryOf(app))
    describeWallClocks(prom, register, registryOf(app))
    describeApp2App(prom, register, registryOf(app))
    describeDiscovery(prom, register, registryOf(app))
    describeEventLoop(app, prom, register)
    const childLoggerFactory = registryOf(app).requests.own(app.childLoggerFactory)
    app.get(checked.path, { logLevel: 'warn', childLoggerFactory }, async (_request, reply) => {
      reply.type(register.contentType)
      return register.metrics()
    })
  },
  { fastify: '5.x', name: 'fastify-dvbcss-metrics' },
)

async function loadPromClient(): Promise<typeof PromClient> {
  try {
    return await import('prom-client')
  } catch (error) {
    const message = 'metricsPlugin requires prom-client: npm install prom-client'
    throw new DvbcssError('DVBCSS_ERR_MISSING_PACKAGE', message, { cause: error })
  }
}

function describeEndpoints(prom: typeof PromClient, register: PromClient.Registry, registry: AppRegistry): void {
  const each = (read: (server: AppRegistry['endpoints'][number]['server']) => number) => () =>
    registry.endpoints.map(({ path, server }) => ({ labels: { endpoint: path }, value: read(server) }))
  const byReason =
    (read: (server: AppRegistry['endpoints'][number]['server']) => Readonly<Record<string, number>>) => () =>
      registry.endpoints.flatMap(({ path, server }) =>
        Object.entries(read(server)).map(([reason, value]) => ({ labels: { endpoint: path, reason }, value })),
      )
  new prom.Gauge({
    name: 'dvbcss_connections',
    help: 'Connections that are open',
    labelNames: ['endpoint'],
    registers: [register],
    collect() {
      for (const { path, server } of registry.endpoints) this.set({ endpoint: path }, server.statistics.open)
    },
  })
  const add = (name: string, help: string, labelNames: string[], samples: () => Sample[]) =>
    counter(prom, register, name, help, labelNames, samples)
  const [one, two] = [['endpoint'], ['endpoint', 'reason']]
  add(
    'dvbcss_connected_total',
    'Handshakes that became connections',
    one,
    each(({ statistics }) => statistics.connected),
  )
  add(
    'dvbcss_refused_total',
    'Handshakes that were refused',
    two,
    byReason(({ statistics }) => statistics.refused),
  )
  add(
    'dvbcss_timed_out_total',
    'Connections that timed out',
    two,
    byReason(({ statistics }) => statistics.timedOut),
  )
  add(
    'dvbcss_messages_in_total',
    'Messages received',
    one,
    each(({ statistics }) => statistics.messagesIn),
  )
  add(
    'dvbcss_messages_dropped_total',
    'Messages dropped',
    two,
    byReason(({ statistics }) => statistics.dropped),
  )
  add(
    'dvbcss_messages_forgiven_total',
    'Deviations from the specification that were tolerated',
    ['endpoint', 'kind'],
    () =>
      registry.endpoints.flatMap(({ path, server }) =>
        Object.entries(server.statistics.forgiven).map(([kind, value]) => ({
          labels: { endpoint: path, kind },
          value,
        })),
      ),
  )
  add(
    'dvbcss_messages_out_total',
    'Messages sent',
    one,
    each(({ statistics }) => statistics.messagesOut),
  )
  add(
    'dvbcss_bytes_out_total',
    'Bytes of the messages sent',
    one,
    each(({ statistics }) => statistics.bytesOut),
  )
  add(
    'dvbcss_coalesced_total',
    'States replaced by a newer one before they were sent',
    one,
    each(({ statistics }) => statistics.coalesced),
  )
  add(
    'dvbcss_hook_errors_total',
    'Hooks that failed',
    one,
    each(({ statistics }) => statistics.hookErrors),
  )
}

function describeWallClocks(prom: typeof PromClient, register: PromClient.Registry, registry: AppRegistry): void {
  const add = (
    name: string,
    help: string,
    read: (statistics: { requests: number; answers: number; followUps: number }) => number,
  ) =>
    counter(prom, register, name, help, ['clock'], () =>
      registry.wallClocks.map(({ name: clock, server }) => ({ labels: { clock }, value: read(server.statistics) })),
    )
  add('dvbcss_wall_clock_requests_total', 'Datagrams received', ({ requests }) => requests)
  add('dvbcss_wall_clock_answers_total', 'Responses sent', ({ answers }) => answers)
  add('dvbcss_wall_clock_follow_ups_total', 'Follow-ups sent', ({ followUps }) => followUps)
  const dropped = () =>
    registry.wallClocks.flatMap(({ name: clock, server }) =>
      Object.entries(server.statistics.dropped).map(([reason, value]) => ({ labels: { clock, reason }, value })),
    )
  const help = 'Datagrams that were not answered'
  counter(prom, register, 'dvbcss_wall_clock_dropped_total', help, ['clock', 'reason'], dropped)
  // prom-client's own histogram must be called for each request. This one is counted where the request is answered.
  register.registerMetric(replyTimes(registry) as unknown as PromClient.Metric)
}

function replyTimes(registry: AppRegistry): object {
  const name = 'dvbcss_wall_clock_reply_seconds'
  const description = {
    name,
    help: 'From the receive time to the transmit time of a response',
    type: 'histogram',
    aggregator: 'sum',
  }
  const values = () =>
    registry.wallClocks.flatMap(({ name: clock, replyTimes: histogram }) => {
      let below = 0
      const buckets = histogram.counts.map((count, index) => {
        below += count
        return { metricName: `${name}_bucket`, labels: { clock, le: LATENCY_BOUNDS[index] ?? '+Inf' }, value: below }
      })
      const sum = { metricName: `${name}_sum`, labels: { clock }, value: histogram.sumSeconds }
      return [...buckets, sum, { metricName: `${name}_count`, labels: { clock }, value: histogram.count }]
    })
  return { ...description, reset: () => {}, get: async () => ({ ...description, values: values() }) }
}

function describeEventLoop(app: FastifyInstance, prom: typeof PromClient, register: PromClient.Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  app.addHook('onClose', async () => {
    delay.disable()
  })
  new prom.Gauge({
    name: 'dvbcss_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last time that it was asked for',
    labelNames: ['quantile'],
    registers: [register],
    collect() {
      for (const quantile of [50, 99, 100]) {
        this.set({ quantile: String(quantile / 100) }, delay.percentile(quantile) / NANOS_PER_SECOND)
      }
      delay.reset()
    },
  })
}
