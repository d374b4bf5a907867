import type * as PromClient from 'prom-client'
import type { App2AppStatistics } from '../src/server/app2app/index.js'
import type { AppRegistry } from './app-registry.js'
import { counter, gauge } from './metrics-samples.js'

/** The metrics of the App2App relays of an app. Those of their connections are with the other endpoints. */
export function describeApp2App(prom: typeof PromClient, register: PromClient.Registry, registry: AppRegistry): void {
  const each = (read: (statistics: App2AppStatistics) => number) => () =>
    registry.app2app.map(({ path, server }) => ({ labels: { relay: path }, value: read(server.statistics) }))
  const waiting = () =>
    registry.app2app.flatMap(({ path, server }) =>
      Object.entries(server.statistics.waiting).map(([side, value]) => ({ labels: { relay: path, side }, value })),
    )
  const pairs = each((statistics) => statistics.pairs)
  gauge(prom, register, 'dvbcss_app2app_pairs', 'Pairs of App2App clients that are connected', ['relay'], pairs)
  gauge(prom, register, 'dvbcss_app2app_waiting', 'App2App clients that wait for a peer', ['relay', 'side'], waiting)
  const paired = each((statistics) => statistics.paired)
  counter(prom, register, 'dvbcss_app2app_paired_total', 'Pairs of App2App clients that were made', ['relay'], paired)
  const help = 'Times that an App2App client was not read because its peer did not read'
  counter(
    prom,
    register,
    'dvbcss_app2app_pauses_total',
    help,
    ['relay'],
    each((statistics) => statistics.pauses),
  )
}
