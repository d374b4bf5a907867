import { networkInterfaces } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { DiscoveredTelevision } from '../../discovery/index.js'
import { visibleLine } from '../../validation/index.js'
import { EXIT, type ExitCode } from '../terminal/index.js'
import { parsePort } from './arguments.js'
import type { ToolRun } from './tool-run.js'

/** Where to search for televisions. */
export interface SearchOptions {
  interface?: string[]
  ssdpPort?: number
}

/** The options of commands that take a television's name in place of an address. */
export interface DiscoverOption extends SearchOptions {
  /** True: any television, if there is only one. */
  discover?: string | true
}

export interface SearchFailure {
  readonly detail: string
  readonly exitCode: ExitCode
}

/** How long to wait for the first television. */
const SEARCH_SECONDS = 6
/** How long to wait for further televisions, which may answer up to 2 s after the search. */
const FURTHER_SECONDS = 3

/** Adds the options of {@link SearchOptions}. */
export function addSearchOptions(command: Command): Command {
  return command
    .option(
      '--interface <name>',
      'network interface to search on, by name or address; repeatable (default: all but loopback)',
      (text: string, others: string[] = []) => [...others, text],
    )
    .option('--ssdp-port <port>', 'UDP port of SSDP (default: 1900)', parsePort)
}

/** Adds `--discover [name]` and the options of {@link SearchOptions}. */
export function addDiscoverOption(command: Command): Command {
  return addSearchOptions(
    command.option(
      '--discover [name]',
      'find the television on the network instead of giving its address; the name may be left out if there is only one',
      parseName,
    ),
  )
}

/** What a command needs of a television. */
interface Need {
  /** To follow `offers`: `CSS-CII`. */
  readonly text: string
  isMet(television: DiscoveredTelevision): boolean
}

const CII: Need = { text: 'CSS-CII', isMet: ({ ciiUrl }) => ciiUrl !== undefined }
const CII_OR_APP2APP: Need = {
  text: 'CSS-CII or App2App',
  isMet: ({ ciiUrl, app2appUrl }) => ciiUrl !== undefined || app2appUrl !== undefined,
}

const ANYTHING: Need = { text: 'anything', isMet: () => true }

/** Ends the command unless there is either an address or --discover. */
export function requireTarget(address: string | undefined, { discover }: DiscoverOption, command: Command): void {
  if (address === undefined && discover === undefined) {
    command.error('error: expected the address of a television, or --discover')
  }
  if (address !== undefined && discover !== undefined) {
    command.error('error: expected either an address or --discover, not both')
  }
}

/**
 * The URL of CSS-CII of the television that the command line names. It is searched for with --discover.
 *
 * @returns undefined: the run has failed or ended, because no television was found
 */
export async function ciiUrlOf(
  address: string | undefined,
  options: DiscoverOption,
  run: ToolRun,
): Promise<string | undefined> {
  return address ?? (await discoveredTelevision(options, CII, run))?.ciiUrl
}

/**
 * The URLs of the television that the command line names, as {@link ciiUrlOf}: those of an address, of --app2app, or of both.
 *
 * @returns undefined: the run has failed or ended, because no television was found
 */
export async function companionTargetOf(
  address: string | undefined,
  options: DiscoverOption & { readonly app2app?: string },
  run: ToolRun,
): Promise<Pick<DiscoveredTelevision, 'ciiUrl' | 'app2appUrl'> | undefined> {
  const { app2app: app2appUrl } = options
  if (address === undefined && app2appUrl === undefined) return discoveredTelevision(options, CII_OR_APP2APP, run)
  return { ...(address !== undefined && { ciiUrl: address }), ...(app2appUrl !== undefined && { app2appUrl }) }
}

/** The television that --discover names, whatever it offers; or why there is none. */
export function televisionNamed(options: DiscoverOption): Promise<DiscoveredTelevision | SearchFailure> {
  return findTelevision(options, ANYTHING)
}

async function discoveredTelevision(
  options: DiscoverOption,
  need: Need,
  run: ToolRun,
): Promise<DiscoveredTelevision | undefined> {
  const end = new AbortController()
  run.atEnd(() => end.abort())
  const { noDataText } = run
  run.noDataText = 'no television found'
  const found = await findTelevision(options, need, end.signal)
  run.noDataText = noDataText
  if ('detail' in found) {
    run.fail(found.detail, found.exitCode)
    return undefined
  }
  run.record('television', found)
  run.notify(`found "${found.name}" at ${found.ciiUrl ?? found.app2appUrl}`)
  return end.signal.aborted ? undefined : found
}

/**
 * Searches for the television with this name. A part of the name is enough if only one television has it.
 *
 * @param signal ends the search early; the result is then of what was found until then
 */
async function findTelevision(
  { discover = true, ...options }: DiscoverOption,
  need: Need,
  signal?: AbortSignal,
): Promise<DiscoveredTelevision | SearchFailure> {
  const interfaceProblem = await interfaceFailure(options)
  if (interfaceProblem !== undefined) return interfaceProblem
  const { discoverTelevisions } = await import('../../discovery/index.js')
  const end = new AbortController()
  signal?.addEventListener('abort', () => end.abort())
  let timer: NodeJS.Timeout | undefined
  const found = new Map<string, DiscoveredTelevision>()
  const search = discoverTelevisions({
    ...searchOptions(options),
    timeoutSeconds: SEARCH_SECONDS,
    signal: end.signal,
  })
  for await (const television of search) {
    if (television.state === 'gone') found.delete(television.location)
    else found.set(television.location, television)
    if (need.isMet(television) && television.name === discover) break
    if (chooseTelevision(discover, need, [...found.values()]).chosen !== undefined) {
      timer ??= setTimeout(() => end.abort(), FURTHER_SECONDS * 1000)
    }
  }
  clearTimeout(timer)
  const { chosen, failure } = chooseTelevision(discover, need, [...found.values()])
  return chosen ?? failure
}

/** An interface that this machine does not have. */
export async function interfaceFailure(options: SearchOptions): Promise<SearchFailure | undefined> {
  const { interfaceAddresses } = await import('../../discovery/index.js')
  for (const name of options.interface ?? []) {
    if (interfaceAddresses([name]).length > 0) continue
    const names = Object.keys(networkInterfaces()).join(', ')
    return { detail: `no interface "${name}"; this machine has: ${names}`, exitCode: EXIT.usage }
  }
  return undefined
}

/** As `discoverTelevisions` takes them. */
export function searchOptions(options: SearchOptions): { interfaces?: readonly string[]; port?: number } {
  return {
    ...(options.interface === undefined ? {} : { interfaces: options.interface }),
    ...(options.ssdpPort === undefined ? {} : { port: options.ssdpPort }),
  }
}

type Choice =
  | { readonly chosen: DiscoveredTelevision; readonly failure?: undefined }
  | { readonly chosen?: undefined; readonly failure: SearchFailure }

/** The television that is meant, or why there is none. */
function chooseTelevision(name: string | true, need: Need, televisions: readonly DiscoveredTelevision[]): Choice {
  const notFound = (detail: string): Choice => ({ failure: { detail, exitCode: EXIT.timedOut } })
  if (televisions.length === 0) return notFound('no television found')
  const usable = televisions.filter((television) => need.isMet(television))
  if (usable.length === 0)
    return notFound(`no television found that offers ${need.text}; found: ${namesOf(televisions)}`)
  const exact = usable.filter((television) => television.name === name)
  const matching =
    exact.length > 0 ? exact : usable.filter((television) => name === true || containsName(television, name))
  const [first, second] = matching
  if (first === undefined) return notFound(`no television named "${name}" found; found: ${namesOf(usable)}`)
  if (second === undefined) return { chosen: first }
  const detail = `found ${matching.length} televisions: ${namesOf(matching)}; choose one with --discover NAME, or give its address`
  return { failure: { detail, exitCode: EXIT.usage } }
}

function containsName({ name }: DiscoveredTelevision, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase())
}

function namesOf(televisions: readonly DiscoveredTelevision[]): string {
  return televisions
    .map(({ name, ciiUrl, app2appUrl, address }) => visibleLine(`"${name}" (${ciiUrl ?? app2appUrl ?? address})`))
    .join(', ')
}

function parseName(text: string): string {
  if (!text.includes('://')) return text
  throw new InvalidArgumentError('Expected the name of a television; an address is given without --discover.')
}
