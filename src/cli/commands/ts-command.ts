import type { Command } from 'commander'
import { positionFields, positionText, REDRAW_SECONDS, timingFields } from '../terminal/index.js'
import {
  ADDRESS_FORMS,
  parseCount,
  parseSeconds,
  parseSelector,
  parseTickRate,
  parseTsAddress,
  parseWallClockAddress,
} from './arguments.js'
import { toolCommand } from './base-command.js'
import { TOOL_CONNECTION, type ToolOptions, ToolRun } from './tool-run.js'

interface TsOptions extends ToolOptions {
  count?: number
  interval: number
}

/** `dvbcss ts`: the position of one timeline, without CII. */
export function tsCommand(): Command {
  return toolCommand('ts', 'show the position of one timeline, from its CSS-TS and CSS-WC endpoints', [
    "dvbcss ts ws://192.168.1.20:7681/ts udp://192.168.1.20:6677 '' urn:dvb:css:timeline:pts 90000",
    'dvbcss ts ws://tv:7681/ts ws://tv:7681/wc dvb://233a urn:dvb:css:timeline:temi:1:1 1000 --json | jq \'select(.event == "timing")\'',
  ])
    .argument('<ts-address>', `the CSS-TS endpoint: ${ADDRESS_FORMS.ts}`, parseTsAddress)
    .argument('<wc-address>', `the wall clock: ${ADDRESS_FORMS.wc}`, parseWallClockAddress)
    .argument('<stem>', "required beginning of the content id; '' for any content")
    .argument('<selector>', 'the timeline, such as urn:dvb:css:timeline:pts', parseSelector)
    .argument('<tick-rate>', 'its ticks per second, such as 90000 or 30000/1001', parseTickRate)
    .option('--count <n>', 'stop after this many control timestamps', parseCount)
    .option('--interval <seconds>', 'interval between positions if the output is not a terminal', parseSeconds, 1)
    .action(followTimeline)
}

async function followTimeline(
  tsUrl: string,
  wcUrl: string,
  contentIdStem: string,
  timelineSelector: string,
  tickRate: number,
  options: TsOptions,
): Promise<void> {
  const run = new ToolRun('ts', options)
  const strict = options.strict === true
  const { positionOn } = await import('../../companion/index.js')
  const { TsClient, WallClockClient } = await import('../../companion/node/index.js')
  const wallClock = new WallClockClient({ transport: wcUrl, strict })
  const ts = new TsClient(tsUrl, {
    ...TOOL_CONNECTION,
    strict,
    wallClock: wallClock.clock,
    contentIdStem,
    timelineSelector,
    tickRate,
  })
  run.atEnd(() => {
    ts.stop()
    wallClock.stop()
  })
  run.summariseForgiven(() => ({ wc: wallClock.status().forgiven, ts: ts.statistics.forgiven }))
  let timestamps = 0
  let reason = 'no control timestamp received yet'
  const showPosition = (): void => {
    if (ts.clock.available) {
      run.markReceived()
      const position = positionOn(ts.clock, wallClock.clock)
      run.record('position', positionFields(position, wallClock))
      run.live(positionText(position, wallClock))
    } else if (run.isLive) {
      run.live(`unavailable: ${wallClock.clock.available ? reason : 'no answer from the wall clock'}`)
    }
  }
  ts.on('connected', ({ url }) => run.record('connected', { source: 'ts', url }))
  wallClock.on('connected', ({ url }) => run.record('connected', { source: 'wc', url }))
  ts.on('timing', ({ timestamp, changeSeconds }) => {
    run.markReceived()
    run.record('timing', timingFields(timestamp, changeSeconds))
    showPosition()
    timestamps += 1
    if (timestamps === options.count) run.finish()
  })
  wallClock.on('available', showPosition)
  ts.on('unavailable', (event) => {
    reason = event.reason === 'timeline' ? 'timeline not available' : 'no connection'
    run.record('unavailable', { reason: event.reason })
    run.notify(`unavailable: ${reason}`)
  })
  wallClock.on('unavailable', ({ reason }) => run.record('unavailable', { reason: `wall-clock: ${reason}` }))
  ts.on('protocolError', (error) => {
    run.record('protocolError', { source: 'ts', ...error })
    run.reportProtocolError('CSS-TS: ', error)
  })
  wallClock.on('protocolError', (error) => {
    run.record('protocolError', { source: 'wc', ...error })
    run.reportProtocolError('CSS-WC: ', error)
  })
  ts.on('disconnected', ({ code, reason, retryInSeconds }) => {
    run.record('disconnected', { source: 'ts', code, reason, retryInSeconds })
    run.reportNoConnection(`connection to ${tsUrl} closed with ${code} ${reason}`.trimEnd(), retryInSeconds)
  })
  ts.on('connectFailed', ({ failure, retryInSeconds }) => {
    run.record('connectFailed', { source: 'ts', ...failure, retryInSeconds })
    run.reportNoConnection(failure.message, retryInSeconds)
  })
  wallClock.on('disconnected', ({ reason }) => {
    run.record('disconnected', { source: 'wc', reason })
    run.reportNoConnection(reason, undefined)
  })
  run.every(run.isLive ? REDRAW_SECONDS : options.interval, showPosition)
  wallClock.start()
  ts.start()
}
