import type { Command } from 'commander'
import type { CiiClientEvents } from '../../companion/connections/index.js'
import { CII_PROPERTIES, type Cii } from '../../messages/index.js'
import { timeOfDay } from '../terminal/index.js'
import { ADDRESS_FORMS, parseCiiAddress, parseCount } from './arguments.js'
import { toolCommand } from './base-command.js'
import { addDiscoverOption, ciiUrlOf, type DiscoverOption, requireTarget } from './discovery-options.js'
import { TOOL_CONNECTION, type ToolOptions, ToolRun } from './tool-run.js'

interface CiiOptions extends ToolOptions, DiscoverOption {
  count?: number
}

/** `dvbcss cii`: the CII state of a television, whenever it changes. */
export function ciiCommand(): Command {
  const command = toolCommand(
    'cii',
    'show the CSS-CII state of a television whenever it changes; changed properties are marked with *',
    [
      'dvbcss cii ws://192.168.1.20:7681/cii',
      'dvbcss cii --discover "Living room"',
      `dvbcss cii ws://192.168.1.20:7681/cii --count 1 --json | jq -r 'select(.event == "change").state.tsUrl'`,
    ],
  )
    .argument('[address]', `the CSS-CII endpoint: ${ADDRESS_FORMS.cii}`, parseCiiAddress)
    .option('--count <n>', 'stop after this many states', parseCount)
  return addDiscoverOption(command).action(followCii)
}

async function followCii(address: string | undefined, options: CiiOptions, command: Command): Promise<void> {
  requireTarget(address, options, command)
  const run = new ToolRun('cii', options)
  const url = await ciiUrlOf(address, options, run)
  if (url === undefined) return
  const { CiiClient } = await import('../../companion/node/index.js')
  const client = new CiiClient(url, { ...TOOL_CONNECTION, strict: options.strict === true })
  run.atEnd(() => client.stop())
  run.summariseForgiven(() => ({ cii: client.statistics.forgiven }))
  let states = 0
  client.on('connected', (event) => {
    run.record('connected', event)
    run.notify(`connected to ${url}`)
  })
  client.on('change', (event) => {
    run.markReceived()
    const { changes, state } = event
    run.record('change', { changes, state })
    run.print(stateText(event))
    states += 1
    if (states === options.count) run.finish()
  })
  client.on('protocolError', (event) => {
    run.record('protocolError', event)
    run.reportProtocolError('', event)
  })
  client.on('disconnected', (event) => {
    run.record('disconnected', event)
    run.reportNoConnection(
      `connection to ${url} closed with ${event.code} ${event.reason}`.trimEnd(),
      event.retryInSeconds,
    )
  })
  client.on('connectFailed', ({ failure, retryInSeconds }) => {
    run.record('connectFailed', { ...failure, retryInSeconds })
    run.reportNoConnection(failure.message, retryInSeconds)
  })
  client.start()
}

/** The whole state, a line for each property and timeline. */
function stateText({ state, changes }: CiiClientEvents['change']): string[] {
  const lines = CII_PROPERTIES.filter((name) => name in state || changes.includes(name)).flatMap((name) => {
    const mark = changes.includes(name) ? '*' : ' '
    const [first = '', ...more] = valueTexts(name, state)
    return [`${mark} ${name.padEnd(18)} ${first}`, ...more.map((text) => `${mark} ${''.padEnd(18)} ${text}`)]
  })
  return [timeOfDay(), ...lines]
}

function valueTexts(name: keyof Cii, state: Cii): string[] {
  const value = state[name]
  if (value === undefined || value === null) return ['(none)']
  if (name === 'timelines' && state.timelines) {
    return state.timelines.map(
      ({ timelineSelector, timelineProperties: { unitsPerSecond, unitsPerTick, accuracy } }) => {
        const rate = unitsPerTick === 1 ? unitsPerSecond : `${unitsPerSecond}/${unitsPerTick}`
        return `${timelineSelector} (${rate} ticks/s${accuracy === undefined ? '' : `, ± ${accuracy} s`})`
      },
    )
  }
  if (name === 'presentationStatus' && state.presentationStatus) return [state.presentationStatus.join(' ')]
  return typeof value === 'string' ? [value] : value.map((item) => JSON.stringify(item))
}
