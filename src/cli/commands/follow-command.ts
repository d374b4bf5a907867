import type { Command } from 'commander'
import type { CompanionOptions } from '../../companion/index.js'
import { Companion } from '../../companion/node/index.js'
import { positionFields, positionText, REDRAW_SECONDS, timingFields } from '../terminal/index.js'
import {
  parseSeconds,
  parseSelector,
  parseTickRate,
  parseWallClockUrl,
  parseWebSocketUrl,
  toolCommand,
} from './tool-command.js'
import { TOOL_CONNECTION } from './tool-connection.js'
import { type ToolOptions, ToolRun } from './tool-run.js'

interface FollowOptions extends ToolOptions {
  interval: number
  selector?: string
  tickRate?: number
  stem: string
  wc?: string
  webSocketWc?: boolean
}

const SOURCES = { cii: 'CSS-CII', wc: 'CSS-WC', ts: 'CSS-TS' } as const

/** `dvbcss follow`: the whole companion, from the address of CII. */
export function followCommand(): Command {
  return toolCommand('follow', 'follow a television as a companion does: its position, from the address of CSS-CII', [
    'dvbcss follow ws://192.168.1.20:7681/cii',
    'dvbcss follow ws://192.168.1.20:7681/cii --selector urn:dvb:css:timeline:temi:1:1 --stem dvb://233a',
    'dvbcss follow ws://tv:7681/cii --json --seconds 10 | jq \'select(.event == "position") | .seconds\'',
  ])
    .argument('<cii-url>', 'the CSS-CII endpoint', parseWebSocketUrl)
    .option('--selector <uri>', 'timeline to follow (default: the first that CII lists)', parseSelector)
    .option('--tick-rate <rate>', 'its ticks per second, where CII does not say', parseTickRate)
    .option('--stem <text>', 'what the content id must begin with', '')
    .option('--wc <url>', 'wall clock to ask, instead of the one that CII names', parseWallClockUrl)
    .option('--web-socket-wc', 'ask for the wall clock over a WebSocket, where CII names one, as a browser does')
    .option('--interval <seconds>', 'between positions, where the output is no terminal', parseSeconds, 1)
    .action(follow)
}

function follow(url: string, options: FollowOptions, command: Command): void {
  if (options.tickRate !== undefined && options.selector === undefined) {
    command.error("error: option '--tick-rate <rate>' goes with --selector")
  }
  const run = new ToolRun('follow', options)
  const companion = new Companion(url, companionOptions(options))
  run.atEnd(() => companion.stop())
  const tell = (): void => {
    const position = companion.position()
    if (position?.available === true) {
      run.heard()
      const { contentId } = companion.cii.state
      const { selector, tickRate } = companion.timeline ?? {}
      const fields = positionFields(position, companion.wallClock)
      run.record('position', { ...fields, contentId, timelineSelector: selector, tickRate })
      run.live(`${positionText(position, companion.wallClock)}  ${contentId ?? '-'}  ${selector ?? '-'}`)
    } else if (run.isLive) {
      run.live(`unavailable: ${companion.unavailable?.detail ?? 'no position'}`)
    }
  }
  reportState(run, companion, tell)
  reportConnections(run, companion)
  run.every(run.isLive ? REDRAW_SECONDS : options.interval, tell)
  companion.start()
}

function companionOptions({ selector, tickRate, stem, wc, webSocketWc }: FollowOptions): CompanionOptions {
  return {
    contentIdStem: stem,
    cii: TOOL_CONNECTION,
    // The end of a connection is shown at once.
    ts: { ...TOOL_CONNECTION, holdSeconds: 0 },
    preferWebSocketWallClock: webSocketWc === true,
    ...(selector === undefined ? {} : { timelineSelector: selector }),
    ...(tickRate === undefined ? {} : { tickRate }),
    ...(wc === undefined ? {} : { wallClockUrl: wc }),
  }
}

function reportState(run: ToolRun, companion: Companion, tell: () => void): void {
  companion.on('change', ({ changes, state }) => run.record('change', { changes, state }))
  companion.on('timeline', ({ timeline }) => run.record('timeline', { ...timeline }))
  companion.on('available', ({ timeline }) => {
    run.record('available', timeline)
    tell()
  })
  companion.on('unavailable', ({ reason, detail }) => {
    run.record('unavailable', { reason, detail })
    // A live line says it.
    if (!run.isLive) run.complain(`unavailable: ${detail}`)
  })
  companion.on('timing', ({ timestamp, changeSeconds }) => {
    run.record('timing', timingFields(timestamp, changeSeconds))
    // The first comes before there is a position.
    if (companion.unavailable === undefined) tell()
  })
}

function reportConnections(run: ToolRun, companion: Companion): void {
  companion.on('connected', ({ source, url }) => run.record('connected', { source, url }))
  companion.on('disconnected', ({ source, url, reason, retryInSeconds }) => {
    run.record('disconnected', { source, url, reason, retryInSeconds })
    // The companion itself leaves a server that CII does not name any more, and does not come back.
    const left = source !== 'wc' && retryInSeconds === undefined
    if (!left) run.lost(`${SOURCES[source]}: connection to ${url} ended: ${reason}`, retryInSeconds)
  })
  companion.on('connectFailed', ({ source, failure, retryInSeconds }) => {
    run.record('connectFailed', { source, ...failure, retryInSeconds })
    run.lost(`${SOURCES[source]}: ${failure.message}`, retryInSeconds)
  })
  companion.on('protocolError', ({ source, reason, detail }) => {
    run.record('protocolError', { source, reason, detail })
    run.complain(`${SOURCES[source]} not understood: ${detail}`)
  })
}
