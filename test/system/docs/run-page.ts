import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { Program } from '../../helpers/program.js'
import { ROOT } from './markdown.js'
import { type PageProgram, patternOf } from './programs.js'

/** The ports that the pages use. */
const PORT = /(?<![\d.])(?:7681|7682|7683|6677|6678)(?!\d)/g
const RUNTIME = new URL('./page-runtime.js', import.meta.url).href

/** A port that is free in TCP and UDP. Another process may take it before it is used, which is unlikely. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = createSocket('udp6').bind(port)
    const isFree = await Promise.race([
      once(socket, 'listening').then(() => true),
      once(socket, 'error').then(() => false),
    ])
    socket.close()
    server.close()
    await once(server, 'close')
    if (isFree) return port
  }
}

async function freePorts(text: string): Promise<Map<string, string>> {
  const ports = new Map<string, string>()
  for (const [port] of text.matchAll(PORT)) {
    if (!ports.has(port)) ports.set(port, String(await freePort()))
  }
  return ports
}

/** The module of a program. Its lines are those of the page, so that errors point there. */
function moduleOf({ steps }: PageProgram): string {
  const lines: string[] = [`import { end } from '${RUNTIME}';`]
  for (const { block } of steps) {
    while (lines.length < block.line - 1) lines.push('')
    lines.push(...block.code.split('\n'))
  }
  return `${lines.join('\n')}\nawait end()`
}

/** Runs a program of a page in a process of its own, with free ports in place of the page's. Gives its exit code and output. */
export async function runProgram(program: PageProgram): Promise<{ code: number | null; output: string }> {
  const pattern = program.steps.flatMap(({ expected }) => expected.map(patternOf)).join('')
  const source = moduleOf(program)
  const ports = await freePorts(`${source}\n${pattern}`)
  const withPorts = (text: string) => text.replaceAll(PORT, (port) => ports.get(port) ?? port)
  const { code: module } = program.language === 'ts' ? await transform(source, { loader: 'ts' }) : { code: source }
  const television = program.besideTelevision
    ? new Program(join(ROOT, 'dist/cli/dvbcss.js'), ['tv', '--host', '127.0.0.1', ...televisionPorts(ports)])
    : undefined
  try {
    await television?.printed(/Type a command/)
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', DOCS_PATTERN: withPorts(pattern) },
    })
    child.stdin.end(withPorts(module))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), 90_000)
    const [code] = await once(child, 'close')
    clearTimeout(timer)
    return { code, output }
  } finally {
    await television?.end()
  }
}

function televisionPorts(ports: Map<string, string>): string[] {
  return ['--port', ports.get('7681') ?? '0', '--wc-port', ports.get('6677') ?? '0']
}
