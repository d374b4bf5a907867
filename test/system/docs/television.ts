import { join } from 'node:path'
import { Program } from '../../helpers/program.js'
import { ROOT } from './markdown.js'
import type { PagePorts } from './page-ports.js'

/** The `dvbcss` command of the build. */
export const DVBCSS: string = join(ROOT, 'dist/cli/dvbcss.js')

/** The options that make `dvbcss tv` listen where a page expects it. */
export const portOptions = (ports: PagePorts): string[] =>
  ['--port', '7681', '--wc-port', '6677'].map((word) => ports.replaceIn(word))

/** Starts `dvbcss tv` where a page expects it, on loopback. */
export async function startTelevision(ports: PagePorts): Promise<Program> {
  const television = new Program(DVBCSS, ['tv', '--host', '127.0.0.1', ...portOptions(ports)])
  await television.printed(/Type a command/)
  return television
}
