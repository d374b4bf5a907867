import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { Program } from '../../helpers/program.js'
import { ScriptedServer } from '../../helpers/scripted-server.js'

const DVBCSS = fileURLToPath(new URL('../../../dist/cli/dvbcss.js', import.meta.url))

const running: Program[] = []
const servers: ScriptedServer[] = []

/** Ends the programs and servers that a test has started, also when it failed. Call once at the top of a test file. */
export function endToolsAfterEach(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((program) => program.end('SIGKILL')))
    await Promise.all(servers.splice(0).map((server) => server.stop()))
  })
}

export function dvbcss(...args: string[]): Program {
  return dvbcssWith({}, ...args)
}

/** With these environment variables. */
export function dvbcssWith(env: Record<string, string>, ...args: string[]): Program {
  const program = new Program(DVBCSS, args, env)
  running.push(program)
  return program
}

export async function scriptedServer(port = 0): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(port)
  servers.push(server)
  return server
}

/** `dvbcss tv` in a process of its own, and where its servers are. */
export async function television(): Promise<{ tv: Program; cii: string; ts: string; udp: string; wc: string }> {
  const tv = dvbcss('tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--log-level', 'silent')
  const [, cii = ''] = await tv.printed(/CSS-CII {2}(ws:\S+)/)
  const [, ts = ''] = await tv.printed(/CSS-TS {3}(ws:\S+)/)
  const [, udp = ''] = await tv.printed(/CSS-WC {3}(udp:\S+)/)
  const [, wc = ''] = await tv.printed(/CSS-WC {3}(ws:\S+)/)
  await tv.printed(/Type a command.*\n/)
  return { tv, cii, ts, udp, wc }
}
