import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { transform } from 'esbuild'
import { ROOT } from './markdown.js'
import { freePorts } from './page-ports.js'
import { type PageProgram, patternOf } from './programs.js'
import { startTelevision } from './television.js'

const RUNTIME = new URL('./page-runtime.js', import.meta.url).href

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
  const ports = await freePorts()
  const { code: module } = program.language === 'ts' ? await transform(source, { loader: 'ts' }) : { code: source }
  const television = program.besideTelevision ? await startTelevision(ports) : undefined
  try {
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', DOCS_PATTERN: ports.replaceIn(pattern) },
    })
    child.stdin.end(ports.replaceIn(module))
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
