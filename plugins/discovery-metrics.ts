import type * as PromClient from 'prom-client'
import type { AppRegistry } from './app-registry.js'
import { counter } from './metrics-samples.js'

/** The metrics of SSDP and DIAL. */
export function describeDiscovery(prom: typeof PromClient, register: PromClient.Registry, registry: AppRegistry): void {
  type Each = AppRegistry['discoveries'][number]
  const add = (name: string, help: string, read: (discovery: Each) => number): void =>
    counter(prom, register, name, help, ['device'], () =>
      registry.discoveries.map((each) => ({ labels: { device: each.uuid }, value: read(each) })),
    )
  const addBy = (label: string, name: string, help: string, read: (discovery: Each) => Record<string, number>): void =>
    counter(prom, register, name, help, ['device', label], () =>
      registry.discoveries.flatMap((each) =>
        Object.entries(read(each)).map(([key, value]) => ({ labels: { device: each.uuid, [label]: key }, value })),
      ),
    )
  add('dvbcss_ssdp_searches_total', 'Searches for a target that is advertised', (each) => each.statistics.searches)
  add('dvbcss_ssdp_answers_total', 'Answers to searches', (each) => each.statistics.answers)
  add('dvbcss_ssdp_notices_total', 'Notices sent', (each) => each.statistics.notices)
  add('dvbcss_ssdp_bytes_in_total', 'Bytes of the datagrams received', (each) => each.statistics.bytesReceived)
  add('dvbcss_ssdp_bytes_out_total', 'Bytes of the answers and notices sent', (each) => each.statistics.bytesSent)
  const dropped = 'Datagrams that got no answer'
  addBy('reason', 'dvbcss_ssdp_dropped_total', dropped, (each) => each.statistics.dropped)
  addBy('request', 'dvbcss_dial_requests_total', 'Requests of DIAL that were granted', ({ dialStatistics }) => {
    const { refused: _, ...granted } = dialStatistics
    return granted
  })
  addBy(
    'reason',
    'dvbcss_dial_refused_total',
    'Requests of DIAL that were refused',
    (each) => each.dialStatistics.refused,
  )
}
