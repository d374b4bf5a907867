import type { Command } from 'commander'
import { positionOn } from '../../companion/index.js'
import { TsClient, WallClockClient } from '../../companion/node/index.js'
import { positionFields, positionText, REDRAW_SECONDS, timingFields } from '../terminal/index.js'
import {
  parseCount,
  parseSeconds,
  parseSelector,
  parseTickRate,
  parseWallClockUrl,
  parseWebSocketUrl,
  toolCommand,
} from './tool-command.js'
import { TOOL_CONNECTION } from './tool-connection.js'
import { type ToolOptions, ToolRun } from './tool-run.js'

interface TsOptions extends ToolOptions {
  count?: number
  interval: number
}

/** `dvbcss ts`: where one timeline is, without CII. */
export function tsCommand(): Command {
  return toolCommand('ts', 'follow one timeline over CSS-TS, by a wall clock over CSS-WC', [
    "dvbcss ts ws://192.168.1.20:7681/ts udp://192.168.1.20:6677 '' urn:dvb:css:timeline:pts 90000",
    'dvbcss ts ws://tv:7681/ts ws://tv:7681/wc dvb://233a urn:dvb:css:timeline:temi:1:1 1000 --json | jq \'select(.event == "timing")\'',
  ])
    .argument('<ts-url>', 'the CSS-TS endpoint', parseWebSocketUrl)
    .argument('<wc-url>', 'the wall clock: udp://host:port, host:port, ws://… or wss://…', parseWallClockUrl)
    .argument('<stem>', "what the content id must begin with; '' for any content")
    .argument('<selector>', 'the timeline, as urn:dvb:css:timeline:pts', parseSelector)
    .argument('<tick-rate>', 'its ticks per second, as 90000 or 30000/1001', parseTickRate)
    .option('--count <n>', 'stop after so many control timestamps', parseCount)
    .option('--interval <seconds>', 'between positions, where the output is no terminal', parseSeconds, 1)
    .action(followTimeline)
}

function followTimeline(
  tsUrl: string,
  wcUrl: string,
  contentIdStem: string,
  timelineSelector: string,
  tickRate: number,
  options: TsOptions,
): void {
  const run = new ToolRun('ts', options)
  const wallClock = new WallClockClient({ transport: wcUrl })
  const ts = new TsClient(tsUrl, {
    ...TOOL_CONNECTION,
    wallClock: wallClock.clock,
    contentIdStem,
    timelineSelector,
    tickRate,
  })
  run.atEnd(() => {
    ts.stop()
    wallClock.stop()
  })
  let timestamps = 0
  let absent = 'nothing has come yet'
  const tell = (): void => {
    if (ts.clock.available) {
      run.heard()
      const position = positionOn(ts.clock, wallClock.clock)
      run.record('position', positionFields(position, wallClock))
      run.live(positionText(position, wallClock))
    } else if (run.isLive) {
      run.live(`unavailable: ${wallClock.clock.available ? absent : 'no answer from the wall clock'}`)
    }
  }
  ts.on('connected', ({ url }) => run.record('connected', { source: 'ts', url }))
  wallClock.on('connected', ({ url }) => run.record('connected', { source: 'wc', url }))
  ts.on('timing', ({ timestamp, changeSeconds }) => {
    run.heard()
    run.record('timing', timingFields(timestamp, changeSeconds))
    tell()
    timestamps += 1
    if (timestamps === options.count) run.done()
  })
  wallClock.on('available', tell)
  ts.on('unavailable', ({ reason }) => {
    absent = reason === 'timeline' ? 'the television has no such timeline now' : 'no connection'
    run.record('unavailable', { reason })
    run.complain(absent)
  })
  wallClock.on('unavailable', ({ reason }) => run.record('unavailable', { reason: `wall-clock: ${reason}` }))
  ts.on('protocolError', (error) => {
    run.record('protocolError', { source: 'ts', ...error })
    run.complain(`CSS-TS not understood: ${error.detail}`)
  })
  wallClock.on('protocolError', (error) => {
    run.record('protocolError', { source: 'wc', ...error })
    run.complain(`CSS-WC not usable: ${error.detail}`)
  })
  ts.on('disconnected', ({ code, reason, retryInSeconds }) => {
    run.record('disconnected', { source: 'ts', code, reason, retryInSeconds })
    run.lost(`connection to ${tsUrl} closed with ${code} ${reason}`.trimEnd(), retryInSeconds)
  })
  ts.on('connectFailed', ({ failure, retryInSeconds }) => {
    run.record('connectFailed', { source: 'ts', ...failure, retryInSeconds })
    run.lost(failure.message, retryInSeconds)
  })
  wallClock.on('disconnected', ({ reason }) => {
    run.record('disconnected', { source: 'wc', reason })
    run.lost(reason, undefined)
  })
  run.every(run.isLive ? REDRAW_SECONDS : options.interval, tell)
  wallClock.start()
  ts.start()
}
