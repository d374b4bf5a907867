import { type Command, Option } from 'commander'
import type { WallClockEncoding, WallClockStatus } from '../../companion/wall-clock/index.js'
import { millisText, offsetText } from '../terminal/index.js'
import { ADDRESS_FORMS, parseCount, parseSeconds, parseWallClockAddress } from './arguments.js'
import { toolCommand } from './base-command.js'
import { type ToolOptions, ToolRun } from './tool-run.js'

interface WcOptions extends ToolOptions {
  count?: number
  interval: number
  encoding: WallClockEncoding
}

/** `dvbcss wc`: the offset of a wall clock, and its error bound. */
export function wcCommand(): Command {
  return toolCommand('wc', 'measure the offset of a CSS-WC wall clock, over UDP or a WebSocket', [
    'dvbcss wc 192.168.1.20:6677',
    'dvbcss wc ws://192.168.1.20:7681/wc --encoding json',
    'dvbcss wc udp://192.168.1.20:6677 --count 20 --json | jq -r \'select(.event == "summary").loss\'',
  ])
    .argument('<address>', `the wall clock: ${ADDRESS_FORMS.wc}`, parseWallClockAddress)
    .option('--count <n>', 'stop after this many requests have been answered or have timed out', parseCount)
    .option('--interval <seconds>', 'interval between requests, once the clock has settled', parseSeconds, 1)
    .addOption(
      new Option('--encoding <kind>', 'how messages travel over a WebSocket')
        .choices(['binary', 'json'])
        .default('binary'),
    )
    .action(followWallClock)
}

async function followWallClock(url: string, options: WcOptions): Promise<void> {
  const { interval, encoding, count = Number.POSITIVE_INFINITY } = options
  const run = new ToolRun('wc', options)
  const { WallClockClient } = await import('../../companion/node/index.js')
  const client = new WallClockClient({
    transport: url,
    encoding,
    strict: options.strict === true,
    requestIntervalSeconds: interval,
    // The default minimum would limit a short interval, which is intended here.
    minRequestIntervalSeconds: Math.min(interval, 0.025),
  })
  run.summarise(() => {
    const status = client.status()
    run.record('summary', fieldsOf(status))
    run.print(summaryText(status))
  })
  run.summariseForgiven(() => ({ wc: client.status().forgiven }))
  run.atEnd(() => client.stop())
  const stopWhenEnough = (): void => {
    const { responses, timeouts } = client.status()
    if (responses + timeouts >= count) run.finish()
  }
  client.on('connected', (event) => run.record('connected', event))
  client.on('candidate', ({ candidate }) => {
    run.markReceived()
    const status = client.status()
    run.record('answer', { measuredOffsetSeconds: candidate.offsetSeconds, ...fieldsOf(status) })
    run.live(lineOf(status))
    stopWhenEnough()
  })
  client.on('timeout', ({ waitedFor, waitedSeconds }) => {
    const status = client.status()
    run.record('timeout', { waitedFor, waitedSeconds, ...fieldsOf(status) })
    run.live(lineOf(status))
    stopWhenEnough()
  })
  client.on('protocolError', (event) => {
    run.record('protocolError', event)
    run.reportProtocolError('', event)
    stopWhenEnough()
  })
  client.on('disconnected', ({ reason }) => {
    run.record('disconnected', { reason })
    run.reportNoConnection(reason, undefined)
  })
  client.start()
}

function lossOf({ responses, timeouts }: WallClockStatus): number {
  return responses + timeouts === 0 ? 0 : timeouts / (responses + timeouts)
}

function fieldsOf(status: WallClockStatus): object {
  const { offsetSeconds, roundTripSeconds, minRoundTripSeconds, medianRoundTripSeconds, ...rest } = status
  const { dispersionSeconds, requests, responses, timeouts, followUps } = rest
  return {
    offsetSeconds,
    // JSON has no Infinity.
    dispersionSeconds: Number.isFinite(dispersionSeconds) ? dispersionSeconds : null,
    roundTripSeconds,
    minRoundTripSeconds,
    medianRoundTripSeconds,
    requests,
    responses,
    timeouts,
    followUps,
    loss: lossOf(status),
  }
}

function lineOf(status: WallClockStatus): string {
  const { offsetSeconds, roundTripSeconds, dispersionSeconds, responses, timeouts } = status
  return [
    `offset ${offsetText(offsetSeconds)}`,
    `round trip ${millisText(roundTripSeconds)}`,
    `dispersion ${millisText(dispersionSeconds)}`,
    `loss ${(100 * lossOf(status)).toFixed(1)} % (${timeouts}/${responses + timeouts})`,
  ].join('  ')
}

function summaryText(status: WallClockStatus): string {
  const { requests, responses, minRoundTripSeconds, medianRoundTripSeconds } = status
  const roundTrip = `round trip min ${millisText(minRoundTripSeconds)}, median ${millisText(medianRoundTripSeconds)}`
  return `${requests} requests, ${responses} responses, ${(100 * lossOf(status)).toFixed(1)} % lost; ${roundTrip}`
}
