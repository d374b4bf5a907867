import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, discoveryPlugin, metricsPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { encodeWallClockMessage } from '../../../src/messages/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

/** The samples of a Prometheus text, by name and labels. */
function samples(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

describe('the metrics plugin', () => {
  it('has the counters of SSDP and DIAL', async () => {
    const app = makeApp()
    await app.register(discoveryPlugin, { ssdp: false, onLaunch: () => true })
    await app.register(metricsPlugin)
    const base = (await listen(app)).replace('ws:', 'http:')
    await fetch(`${base}/dd.xml`)
    await fetch(`${base}/apps/HbbTV`)
    await fetch(`${base}/apps/HbbTV`, { headers: { origin: 'https://elsewhere.example' } })
    await fetch(`${base}/apps/HbbTV`, { method: 'POST', body: 'x'.repeat(4097) })
    await fetch(`${base}/apps/HbbTV`, { method: 'POST', body: '' })
    await fetch(`${base}/apps/HbbTV/run`, { method: 'DELETE' })
    const device = `device="${app.discovery.uuid}"`
    const body = samples((await app.inject('/metrics')).body)
    expect(body).toMatchObject({
      [`dvbcss_ssdp_searches_total{${device}}`]: 0,
      [`dvbcss_ssdp_bytes_out_total{${device}}`]: 0,
      [`dvbcss_ssdp_dropped_total{${device},reason="other-network"}`]: 0,
      [`dvbcss_dial_requests_total{${device},request="descriptions"}`]: 1,
      [`dvbcss_dial_requests_total{${device},request="applications"}`]: 1,
      [`dvbcss_dial_requests_total{${device},request="launches"}`]: 1,
      [`dvbcss_dial_requests_total{${device},request="stops"}`]: 0,
      [`dvbcss_dial_refused_total{${device},reason="origin"}`]: 1,
      [`dvbcss_dial_refused_total{${device},reason="too-large"}`]: 1,
      [`dvbcss_dial_refused_total{${device},reason="stop"}`]: 1,
    })
  })

  it('tells Prometheus what the servers have counted', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii', maxConnections: 1 })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(metricsPlugin)
    const base = await listen(app)
    const cii = await WsClient.open(`${base}/cii`)
    await cii.next()
    await refusal(`${base}/cii`)
    const ts = await WsClient.open(`${base}/ts`)
    ts.send('rubbish')
    ts.send('{"contentIdStem":null,"timelineSelector":"urn:dvb:css:timeline:pts"}')
    await ts.roundTrip()
    const wallClock = await UdpClient.open({ address: '127.0.0.1', port: app.wallClockServer.address?.port ?? 0 })
    const times = { originateNanos: 1n, receiveNanos: 0n, transmitNanos: 0n }
    await wallClock.send(new Uint8Array(31))
    await wallClock.request(encodeWallClockMessage({ type: 0, precisionSeconds: 1, maxFreqErrorPpm: 1, ...times }))

    const response = await app.inject('/metrics')
    expect(response.headers['content-type']).toMatch(/^text\/plain/)
    expect(samples(response.body)).toMatchObject({
      'dvbcss_connections{endpoint="/cii"}': 1,
      'dvbcss_connections{endpoint="/ts"}': 1,
      'dvbcss_connected_total{endpoint="/cii"}': 1,
      'dvbcss_refused_total{endpoint="/cii",reason="full"}': 1,
      'dvbcss_messages_dropped_total{endpoint="/ts",reason="not-json"}': 1,
      'dvbcss_messages_dropped_total{endpoint="/cii",reason="unread"}': 0,
      'dvbcss_messages_forgiven_total{endpoint="/ts",kind="unexpected-null"}': 1,
      'dvbcss_timed_out_total{endpoint="/cii",reason="message"}': 0,
      'dvbcss_messages_out_total{endpoint="/cii"}': 1,
      'dvbcss_bytes_out_total{endpoint="/cii"}': app.cii.statistics.bytesOut,
      'dvbcss_coalesced_total{endpoint="/cii"}': 0,
      'dvbcss_wall_clock_requests_total{clock="wallClock"}': 2,
      'dvbcss_wall_clock_answers_total{clock="wallClock"}': 1,
      'dvbcss_wall_clock_dropped_total{clock="wallClock",reason="wrong-length"}': 1,
      'dvbcss_wall_clock_reply_seconds_count{clock="wallClock"}': 1,
      'dvbcss_wall_clock_reply_seconds_bucket{clock="wallClock",le="+Inf"}': 1,
      'dvbcss_event_loop_delay_seconds{quantile="0.99"}': expect.any(Number),
    })
    const again = samples((await app.inject('/metrics')).body)
    expect(again['dvbcss_connected_total{endpoint="/cii"}']).toBe(1)
    await wallClock.close()
  })

  it('exports what the limits on sources refuse, by reason', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, deny: ['127.0.0.2'] })
    await app.register(ciiPlugin, { prefix: '/cii', deny: ['127.0.0.2'], maxHandshakesPerSecondTotal: 1000 })
    await app.register(metricsPlugin)
    const base = await listen(app)
    await refusal(`${base}/cii`, { localAddress: '127.0.0.2' })
    const target = { address: '127.0.0.1', port: app.wallClockServer.address?.port ?? 0 }
    const denied = await UdpClient.open(target, { host: '127.0.0.2' })
    await denied.send(new Uint8Array(32))
    await until(() => app.wallClockServer.statistics.requests === 1)
    expect(samples((await app.inject('/metrics')).body)).toMatchObject({
      'dvbcss_refused_total{endpoint="/cii",reason="denied"}': 1,
      'dvbcss_refused_total{endpoint="/cii",reason="rate-limited"}': 0,
      'dvbcss_refused_total{endpoint="/cii",reason="rate-limited-total"}': 0,
      'dvbcss_messages_dropped_total{endpoint="/cii",reason="rate-limited-total"}': 0,
      'dvbcss_wall_clock_dropped_total{clock="wallClock",reason="denied"}': 1,
      'dvbcss_wall_clock_dropped_total{clock="wallClock",reason="rate-limited-total"}': 0,
    })
    await denied.close()
  })

  it('uses the registry and the path of the app', async () => {
    const app = makeApp()
    const register = new Registry()
    await app.register(metricsPlugin, { path: '/internal/metrics', register, defaultMetrics: true })
    const { body } = await app.inject('/internal/metrics')
    expect(body).toContain('process_cpu_user_seconds_total')
    expect(await register.getMetricsAsJSON()).not.toHaveLength(0)
  })

  it.each([
    ['path', 'metrics', 'a path that begins with "/"'],
    ['register', {}, 'a Registry of prom-client'],
    ['defaultMetrics', 'yes', 'a boolean'],
  ])('refuses a wrong option by its name: %s', async (option, value, takes) => {
    const app = makeApp()
    app.register(metricsPlugin, { [option]: value })
    await expect(app.ready()).rejects.toThrow(`"${option}" must be ${takes}`)
  })
})
