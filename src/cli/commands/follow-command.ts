import type { Command } from 'commander'
import type { CompanionOptions } from '../../companion/index.js'
import type { Companion } from '../../companion/node/index.js'
import { positionFields, positionText, REDRAW_SECONDS, timingFields } from '../terminal/index.js'
import {
  ADDRESS_FORMS,
  parseApp2AppUrl,
  parseCiiAddress,
  parseSeconds,
  parseSelector,
  parseTickRate,
  parseWallClockAddress,
} from './arguments.js'
import { toolCommand } from './base-command.js'
import { addDiscoverOption, companionTargetOf, type DiscoverOption, requireTarget } from './discovery-options.js'
import { SOURCES, TOOL_CONNECTION, type ToolOptions, ToolRun } from './tool-run.js'

interface FollowOptions extends ToolOptions, DiscoverOption {
  interval: number
  selector?: string
  tickRate?: number
  stem: string
  app2app?: string
  channelPrefix: string
  wc?: string
  webSocketWc?: boolean
}

/** `dvbcss follow`: a complete companion that starts from the CII endpoint. */
export function followCommand(): Command {
  const command = toolCommand(
    'follow',
    'follow a television as a companion does, and show its position in the content',
    [
      'dvbcss follow ws://192.168.1.20:7681/cii',
      'dvbcss follow --discover "Living room"',
      'dvbcss follow ws://192.168.1.20:7681/cii --selector urn:dvb:css:timeline:temi:1:1 --stem dvb://233a',
      'dvbcss follow ws://tv:7681/cii --json --seconds 10 | jq \'select(.event == "position") | .seconds\'',
    ],
  )
    .argument('[address]', `the CSS-CII endpoint: ${ADDRESS_FORMS.cii}`, parseCiiAddress)
    .option('--selector <uri>', 'timeline to follow (default: the first in CII)', parseSelector)
    .option('--tick-rate <rate>', 'ticks per second of that timeline, if CII does not state it', parseTickRate)
    .option('--stem <text>', 'required beginning of the content id', '')
    .option('--wc <address>', `wall clock to use instead of the one in CII: ${ADDRESS_FORMS.wc}`, parseWallClockAddress)
    .option('--web-socket-wc', 'prefer a wall clock over WebSocket if CII names one, as browsers do')
    .option(
      '--app2app <url>',
      'base URL of App2App, ws://… or wss://…: where to follow a television without CSS-CII, or if CSS-CII is of no use',
      parseApp2AppUrl,
    )
    .option('--channel-prefix <text>', 'beginning of the names of the App2App channels', 'hbbtv-sync')
    .option('--interval <seconds>', 'interval between positions if the output is not a terminal', parseSeconds, 1)
  return addDiscoverOption(command).action(follow)
}

async function follow(address: string | undefined, options: FollowOptions, command: Command): Promise<void> {
  if (options.app2app === undefined || options.discover !== undefined) {
    requireTarget(address ?? options.app2app, options, command)
  }
  if (options.tickRate !== undefined && options.selector === undefined) {
    command.error("error: option '--tick-rate <rate>' requires --selector")
  }
  const run = new ToolRun('follow', options)
  const target = await companionTargetOf(address, options, run)
  if (target === undefined) return
  const { Companion } = await import('../../companion/node/index.js')
  const companion = new Companion({ ...target, channelPrefix: options.channelPrefix }, companionOptions(options))
  run.atEnd(() => companion.stop())
  run.summariseForgiven(() => companion.forgiven)
  const showPosition = (): void => {
    const position = companion.position()
    if (position?.available === true) {
      run.markReceived()
      const { contentId } = companion.cii.state
      const { selector, tickRate } = companion.timeline ?? {}
      const fields = positionFields(position, companion.wallClock)
      run.record('position', { ...fields, contentId, timelineSelector: selector, tickRate })
      run.live(`${positionText(position, companion.wallClock)}  ${contentId ?? '-'}  ${selector ?? '-'}`)
    } else if (run.isLive) {
      run.live(`unavailable: ${companion.unavailable?.detail ?? 'no position'}`)
    }
  }
  if (target.app2appUrl !== undefined) reportRoute(run, companion)
  reportState(run, companion, showPosition)
  reportConnections(run, companion)
  run.every(run.isLive ? REDRAW_SECONDS : options.interval, showPosition)
  companion.start()
}

function companionOptions({ selector, tickRate, stem, wc, webSocketWc, strict }: FollowOptions): CompanionOptions {
  return {
    contentIdStem: stem,
    strict: strict === true,
    cii: TOOL_CONNECTION,
    // Show the end of a connection at once.
    ts: { ...TOOL_CONNECTION, holdSeconds: 0 },
    preferWebSocketWallClock: webSocketWc === true,
    ...(selector === undefined ? {} : { timelineSelector: selector }),
    ...(tickRate === undefined ? {} : { tickRate }),
    ...(wc === undefined ? {} : { wallClockUrl: wc }),
  }
}

function reportRoute(run: ToolRun, companion: Companion): void {
  companion.on('route', ({ route, url, reason }) => {
    run.record('route', { route, url, reason })
    const how = route === 'native' ? 'following natively' : 'following over App2App'
    run.notify(`${how}, ${url}${reason === undefined ? '' : `, because of: ${reason}`}`)
  })
}

function reportState(run: ToolRun, companion: Companion, showPosition: () => void): void {
  companion.on('change', ({ changes, state }) => run.record('change', { changes, state }))
  companion.on('timeline', ({ timeline }) => run.record('timeline', { ...timeline }))
  companion.on('available', ({ timeline }) => {
    run.record('available', timeline)
    showPosition()
  })
  companion.on('unavailable', ({ reason, detail }) => {
    run.record('unavailable', { reason, detail })
    // On a terminal the live line shows it.
    if (!run.isLive) run.notify(`unavailable: ${detail}`)
  })
  companion.on('timing', ({ timestamp, changeSeconds }) => {
    run.record('timing', timingFields(timestamp, changeSeconds))
    // The first event precedes the first position.
    if (companion.unavailable === undefined) showPosition()
  })
}

function reportConnections(run: ToolRun, companion: Companion): void {
  companion.on('connected', ({ source, url }) => run.record('connected', { source, url }))
  companion.on('disconnected', ({ source, url, reason, retryInSeconds }) => {
    run.record('disconnected', { source, url, reason, retryInSeconds })
    // The companion itself disconnects, for good, from a server that CII no longer names.
    const isIntended = source !== 'wc' && retryInSeconds === undefined
    if (!isIntended)
      run.reportNoConnection(`${SOURCES[source]}: connection to ${url} closed: ${reason}`, retryInSeconds)
  })
  companion.on('connectFailed', ({ source, failure, retryInSeconds }) => {
    run.record('connectFailed', { source, ...failure, retryInSeconds })
    run.reportNoConnection(`${SOURCES[source]}: ${failure.message}`, retryInSeconds)
  })
  companion.on('protocolError', (event) => {
    run.record('protocolError', event)
    run.reportProtocolError(`${SOURCES[event.source]}: `, event)
  })
}
