import type { Command } from 'commander'
import type { DiscoveredTelevision, TelevisionSearch } from '../../discovery/index.js'
import { parseSeconds } from './arguments.js'
import { baseCommand } from './base-command.js'
import { addSearchOptions, interfaceFailure, type SearchOptions, searchOptions } from './discovery-options.js'
import { ToolRun } from './tool-run.js'

interface DiscoverCommandOptions extends SearchOptions {
  json?: boolean
  seconds: number
  anyHost?: boolean
}

const STATE_WIDTH = 'updated'.length
/** `ws://192.168.100.200:7681/cii`, with some room. */
const URL_WIDTH = 34

/** `dvbcss discover`: the televisions on the network. */
export function discoverCommand(): Command {
  const command = baseCommand('discover', 'find televisions on the network by SSDP and DIAL, as companions do', [
    'dvbcss discover',
    'dvbcss discover --seconds 3600                  # also lists what comes, changes and goes',
    'dvbcss discover --interface 127.0.0.1           # a television on this machine that serves loopback only',
    `dvbcss discover --json | jq -r 'select(.event == "television") | .ciiUrl'`,
  ])
    .option('--json', 'print one JSON object per line, each with its "event"')
    .option('--seconds <n>', 'how long to search', parseSeconds, 5)
    .option('--any-host', 'also follow descriptions and URLs that name another host than the one that answered')
  return addSearchOptions(command).action(discover)
}

async function discover(options: DiscoverCommandOptions): Promise<void> {
  const { seconds, anyHost = false } = options
  // The search ends by itself, so that its summary is complete.
  const run = new ToolRun('discover', { ...options, retry: true, seconds: undefined }, 'no television found')
  const failure = await interfaceFailure(options)
  if (failure !== undefined) {
    run.fail(failure.detail, failure.exitCode)
    return
  }
  const { discoverTelevisions } = await import('../../discovery/index.js')
  const end = new AbortController()
  run.atEnd(() => end.abort())
  const search = discoverTelevisions({
    ...searchOptions(options),
    timeoutSeconds: seconds,
    allowedHosts: anyHost ? 'any' : 'same-host',
    signal: end.signal,
  })
  const present = new Set<string>()
  run.summarise(() => {
    run.record('summary', { televisions: present.size, rejected: search.statistics.rejected })
    const text = rejectedText(search)
    if (text !== '') run.notify(text)
  })
  let isFirst = true
  for await (const television of search) {
    run.markReceived()
    if (television.state === 'gone') present.delete(television.location)
    else present.add(television.location)
    run.record('television', television)
    if (isFirst) run.print(columns('', 'CSS-CII', 'NAME'))
    isFirst = false
    run.print(rowOf(television))
  }
  run.finish()
}

function rowOf({ state, name, ciiUrl, app2appUrl, manufacturer, modelName }: DiscoveredTelevision): string {
  const model = [manufacturer, modelName].filter((text) => text !== undefined).join(' ')
  const without = app2appUrl === undefined ? '(neither CSS-CII nor App2App)' : '(App2App only)'
  return columns(state, ciiUrl ?? without, model === '' ? name : `${name} (${model})`)
}

function columns(state: string, url: string, name: string): string {
  return `${state.padEnd(STATE_WIDTH)}  ${url.padEnd(URL_WIDTH)}  ${name}`.trimEnd()
}

/** `ignored: 2 × other-host, 1 × invalid-xml`. */
function rejectedText({ statistics: { rejected } }: TelevisionSearch): string {
  const counts = Object.entries(rejected).map(([fault, count]) => `${count} × ${fault}`)
  return counts.length === 0 ? '' : `ignored: ${counts.join(', ')}`
}
