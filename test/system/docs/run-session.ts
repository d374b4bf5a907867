import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from './markdown.js'
import { freePorts } from './page-ports.js'
import { patternOfLines, type Session } from './programs.js'
import { DVBCSS, portOptions, startTelevision } from './television.js'

const TIMEOUT_MS = 60_000

/** What a session printed, and what it should have printed. */
export interface SessionResult {
  readonly output: string
  readonly expected: RegExp
  readonly code: number | null
}

/**
 * Runs a command as a page shows it, beside `dvbcss tv` unless it is that command. Lines that begin with `> ` are typed once
 * the lines before them have been printed.
 */
export async function runSession({ block }: Session): Promise<SessionResult> {
  const [first = '', ...shown] = block.code.split('\n')
  const ports = await freePorts()
  const command = ports.replaceIn(first.replace(/^\$ dvbcss/, ''))
  const isTelevision = command.startsWith(' tv')
  const television = isTelevision ? undefined : await startTelevision(ports)
  // Through a shell, which splits the command into words as the reader's does, and puts errors between the other lines.
  const options = isTelevision ? ` ${portOptions(ports).join(' ')}` : ''
  const child = spawn('sh', ['-c', `exec "$0" "$1" ${command}${options} 2>&1`, process.execPath, DVBCSS], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  const lines = child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk))
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const closed = once(child, 'close')
  let code: number | null | undefined
  void closed.then(([exitCode]) => (code = exitCode))

  const printed: string[] = []
  const varies = block.directives.includes('numbers vary')
  const patternSoFar = () => `^${ports.replaceIn(patternOfLines(printed, varies))}`
  const untilPrinted = async () => {
    const pattern = new RegExp(patternSoFar())
    while (!pattern.test(output) && code === undefined) await Promise.race([once(lines, 'data'), closed])
  }
  try {
    for (const line of shown) {
      if (!line.startsWith('> ')) printed.push(line)
      else {
        await untilPrinted()
        child.stdin.write(`${line.slice(2)}\n`)
      }
    }
    if (isTelevision) {
      await untilPrinted()
      const sofar = output
      child.kill('SIGTERM')
      await closed
      output = sofar
    }
    await closed
    return { output, expected: new RegExp(`${patternSoFar()}$`), code: code ?? null }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await television?.end()
  }
}
