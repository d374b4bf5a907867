import { describe, expect, it } from 'vitest'
import { APP2APP_PLUGIN_OPTIONS } from '../../../plugins/app2app-plugin.js'
import { CII } from '../../../plugins/cii-plugin.js'
import { DISCOVERY_PLUGIN_OPTIONS } from '../../../plugins/discovery-settings.js'
import { MOUNT_OPTIONS, pluginOptionsOf } from '../../../plugins/endpoint-plugin.js'
import { METRICS_PLUGIN_OPTIONS } from '../../../plugins/metrics-plugin.js'
import { TELEVISION_PLUGIN_OPTIONS } from '../../../plugins/television-plugin.js'
import { TS } from '../../../plugins/ts-plugin.js'
import { WALL_CLOCK_PLUGIN_OPTIONS } from '../../../plugins/wall-clock-plugin.js'
import { WALL_CLOCK_WEBSOCKET } from '../../../plugins/wall-clock-websocket-plugin.js'
import { CORRELATED_CLOCK_OPTIONS } from '../../../src/clocks/correlated-clock.js'
import { CORRELATION_OPTIONS } from '../../../src/clocks/correlation.js'
import { OFFSET_CLOCK_OPTIONS } from '../../../src/clocks/offset-clock.js'
import { RANGE_CORRELATED_CLOCK_OPTIONS } from '../../../src/clocks/range-correlated-clock.js'
import { SYSTEM_CLOCK_OPTIONS } from '../../../src/clocks/system-clock.js'
import { TUNABLE_CLOCK_OPTIONS } from '../../../src/clocks/tunable-clock.js'
import { COMPANION_OPTIONS } from '../../../src/companion/companion-options.js'
import { BACKOFF_OPTIONS } from '../../../src/companion/connections/backoff.js'
import { CLIENT_OPTIONS } from '../../../src/companion/connections/reconnecting-client.js'
import { TS_CLIENT_OPTIONS } from '../../../src/companion/connections/ts-client-options.js'
import { MEDIA_FOLLOWER_OPTIONS } from '../../../src/companion/media/media-follower-options.js'
import { WEB_AUDIO_PLAYER_OPTIONS } from '../../../src/companion/media/web-audio-player.js'
import { UDP_REQUEST_CLIENT_OPTIONS } from '../../../src/companion/node/udp-request-options.js'
import { FILTER_AND_PREDICT_OPTIONS } from '../../../src/companion/wall-clock/filter-and-predict-algorithm.js'
import { SLEW_OPTIONS, WALL_CLOCK_CLIENT_OPTIONS } from '../../../src/companion/wall-clock/wall-clock-options.js'
import { DISCOVER_OPTIONS } from '../../../src/discovery/television-search.js'
import { ENDPOINT_OPTIONS } from '../../../src/server/endpoint/endpoint-options.js'
import { CLOCK_TIMELINE_SOURCE_OPTIONS } from '../../../src/timelines/clock-timeline-source.js'
import { optionsPage, type Section } from './options-page.js'

const INTRODUCTION = `
# Options

Made from the tables by which the options are checked: do not edit it. \`npm run docs:options\` writes it.

A wrong option throws at once, with the name of the option, what it must be and what was received: see [errors.md](errors.md). An option
that is \`undefined\` counts as absent. All durations are in seconds.
`

const MOUNT = ['plugins/endpoint-plugin.ts#MountOptions']
const ENDPOINT = [
  'src/server/endpoint/endpoint-server.ts#EndpointServerOptions',
  'src/server/endpoint/admission-control.ts#AdmissionOptions',
  'src/server/endpoint/address-filter.ts#AddressFilterOptions',
]
const CLOCK = ['src/clocks/clock.ts#ClockOptions']
const SOCKET = [
  'src/companion/connections/reconnecting-socket.ts#ReconnectingSocketOptions',
  'src/companion/connections/reconnecting-client.ts#ReconnectingClientOptions',
]

/** Those that only this plugin has, beside the options of every endpoint. */
function own(table: object, common: object): object {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(common, name)))
}

const EVERY_ENDPOINT = { ...MOUNT_OPTIONS, ...own(ENDPOINT_OPTIONS, { logger: true }) }

const SECTIONS: Section[] = [
  {
    title: 'Every endpoint plugin',
    table: EVERY_ENDPOINT,
    interfaces: [...MOUNT, ...ENDPOINT],
    note: '`ciiPlugin`, `tsPlugin`, `wallClockWebSocketPlugin` and `endpointPlugin`. The constructors of the servers take the same limits, and `logger`.',
  },
  {
    title: 'ciiPlugin',
    table: own(pluginOptionsOf(CII), EVERY_ENDPOINT),
    interfaces: ['plugins/cii-plugin.ts#CiiPluginOptions', 'src/server/cii/cii-server.ts#CiiServerOptions'],
  },
  {
    title: 'tsPlugin',
    table: own(pluginOptionsOf(TS), EVERY_ENDPOINT),
    interfaces: ['plugins/ts-plugin.ts#TsPluginOptions', 'src/server/ts/ts-server.ts#TsServerOptions'],
  },
  {
    title: 'wallClockPlugin',
    table: WALL_CLOCK_PLUGIN_OPTIONS,
    interfaces: [
      'plugins/wall-clock-plugin.ts#WallClockPluginOptions',
      'src/server/wall-clock/udp-request-server.ts#UdpRequestServerOptions',
      'src/server/wall-clock/wall-clock-handler.ts#WallClockHandlerOptions',
      ...ENDPOINT,
    ],
  },
  {
    title: 'wallClockWebSocketPlugin',
    table: own(pluginOptionsOf(WALL_CLOCK_WEBSOCKET), EVERY_ENDPOINT),
    interfaces: [
      'plugins/wall-clock-websocket-plugin.ts#WallClockWebSocketPluginOptions',
      'src/server/wall-clock/wall-clock-handler.ts#WallClockHandlerOptions',
    ],
  },
  {
    title: 'app2appPlugin',
    table: {
      maxMessageBytes: APP2APP_PLUGIN_OPTIONS.maxMessageBytes,
      maxBufferedBytes: APP2APP_PLUGIN_OPTIONS.maxBufferedBytes,
      ...own(APP2APP_PLUGIN_OPTIONS, EVERY_ENDPOINT),
    },
    interfaces: [
      'plugins/app2app-plugin.ts#App2AppPluginOptions',
      'src/server/app2app/app2app-server.ts#App2AppServerOptions',
    ],
    note: 'Beside these, the options of every endpoint plugin except `handler`. They apply to each side on its own, `allow` and `deny` to the remote side.',
  },
  {
    title: 'discoveryPlugin',
    table: DISCOVERY_PLUGIN_OPTIONS,
    interfaces: ['plugins/discovery-settings.ts#DiscoveryPluginOptions'],
  },
  {
    title: 'televisionPlugin',
    table: own(TELEVISION_PLUGIN_OPTIONS, EVERY_ENDPOINT),
    interfaces: ['plugins/television-plugin.ts#TelevisionPluginOptions'],
    note: 'Of `fastify-dvbcss/television`. Beside these, the options of every endpoint plugin except `handler` and `hooks`: they apply to the connections of the pages.',
  },
  {
    title: 'metricsPlugin',
    table: METRICS_PLUGIN_OPTIONS,
    interfaces: ['plugins/metrics-plugin.ts#MetricsPluginOptions'],
  },
  {
    title: 'ClockTimelineSource',
    table: CLOCK_TIMELINE_SOURCE_OPTIONS,
    interfaces: ['src/timelines/clock-timeline-source.ts#ClockTimelineSourceOptions'],
  },
  { title: 'Companion', table: COMPANION_OPTIONS, interfaces: ['src/companion/companion-options.ts#CompanionOptions'] },
  {
    title: 'Every WebSocket client',
    table: CLIENT_OPTIONS,
    interfaces: SOCKET,
    note: '`CiiClient`, `TsClient` and `TsClientConnection`; and the options `cii` and `ts` of `Companion`.',
  },
  {
    title: 'Back-off',
    table: BACKOFF_OPTIONS,
    interfaces: ['src/companion/connections/backoff.ts#BackoffOptions'],
    note: 'The option `backoff` of the clients.',
  },
  {
    title: 'TsClient',
    table: own(TS_CLIENT_OPTIONS, CLIENT_OPTIONS),
    interfaces: [
      'src/companion/connections/ts-client-options.ts#TsClientSettings',
      'src/companion/connections/ts-client-options.ts#OwnClock',
      'src/companion/connections/ts-client-options.ts#GivenClock',
      'src/companion/connections/ts-client-connection.ts#TsClientConnectionOptions',
      'src/messages/setup-data.ts#SetupData',
      ...SOCKET,
    ],
  },
  {
    title: 'WallClockClient',
    table: WALL_CLOCK_CLIENT_OPTIONS,
    interfaces: ['src/companion/wall-clock/wall-clock-options.ts#WallClockClientOptions'],
  },
  {
    title: 'Slewing',
    table: SLEW_OPTIONS,
    interfaces: ['src/companion/wall-clock/wall-clock-options.ts#SlewOptions'],
    note: 'The option `slew` of `WallClockClient`, where it is an object.',
  },
  {
    title: 'FilterAndPredictAlgorithm',
    table: FILTER_AND_PREDICT_OPTIONS,
    interfaces: ['src/companion/wall-clock/filter-and-predict-algorithm.ts#FilterAndPredictOptions'],
  },
  {
    title: 'UdpRequestResponseClient',
    table: UDP_REQUEST_CLIENT_OPTIONS,
    interfaces: [
      'src/companion/node/udp-request-options.ts#UdpRequestResponseClientOptions',
      'src/companion/node/udp-request-options.ts#UdpRequestOptions',
    ],
  },
  {
    title: 'MediaFollower',
    table: MEDIA_FOLLOWER_OPTIONS,
    interfaces: ['src/companion/media/media-follower-options.ts#MediaFollowerOptions'],
  },
  {
    title: 'WebAudioPlayer',
    table: WEB_AUDIO_PLAYER_OPTIONS,
    interfaces: ['src/companion/media/web-audio-player.ts#WebAudioPlayerOptions'],
  },
  {
    title: 'discoverTelevisions',
    table: DISCOVER_OPTIONS,
    interfaces: ['src/discovery/television-search.ts#DiscoverOptions'],
  },
  {
    title: 'SystemClock',
    table: SYSTEM_CLOCK_OPTIONS,
    interfaces: ['src/clocks/system-clock.ts#SystemClockOptions', ...CLOCK],
  },
  {
    title: 'CorrelatedClock',
    table: CORRELATED_CLOCK_OPTIONS,
    interfaces: ['src/clocks/correlated-clock.ts#CorrelatedClockOptions', ...CLOCK],
  },
  { title: 'Correlation', table: CORRELATION_OPTIONS, interfaces: ['src/clocks/correlation.ts#CorrelationOptions'] },
  {
    title: 'RangeCorrelatedClock',
    table: RANGE_CORRELATED_CLOCK_OPTIONS,
    interfaces: ['src/clocks/range-correlated-clock.ts#RangeCorrelatedClockOptions', ...CLOCK],
  },
  {
    title: 'OffsetClock',
    table: OFFSET_CLOCK_OPTIONS,
    interfaces: ['src/clocks/offset-clock.ts#OffsetClockOptions', ...CLOCK],
  },
  {
    title: 'TunableClock',
    table: TUNABLE_CLOCK_OPTIONS,
    interfaces: ['src/clocks/tunable-clock.ts#TunableClockOptions', ...CLOCK],
  },
]

describe('docs/options.md', () => {
  it('is what `npm run docs:options` writes', async () => {
    await expect(optionsPage(INTRODUCTION, SECTIONS)).toMatchFileSnapshot('../../../docs/options.md')
  })
})
