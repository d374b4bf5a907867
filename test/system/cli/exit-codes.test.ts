import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { dvbcss, dvbcssWith, endToolsAfterEach } from './tools.js'

endToolsAfterEach()

/** Valid arguments of every command, which none of them can use when nothing listens. */
const COMMANDS = {
  tv: ['tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0'],
  discover: ['discover', '--interface', '127.0.0.1', '--seconds', '5'],
  follow: ['follow', 'ws://127.0.0.1:1/cii'],
  cii: ['cii', 'ws://127.0.0.1:1/cii'],
  wc: ['wc', 'udp://127.0.0.1:1'],
  ts: ['ts', 'ws://127.0.0.1:1/ts', '127.0.0.1:1', '', 'urn:dvb:css:timeline:pts', '90000'],
  check: ['check', 'ws://127.0.0.1:1/cii'],
} as const
const ALL: readonly (readonly string[])[] = Object.values(COMMANDS)

/** A port of loopback on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('every command', () => {
  it.each(ALL)('%s exits with 2 for an unknown option', async (...args) => {
    const program = dvbcss(...args, '--no-such-option')
    expect(await program.exited).toBe(2)
    expect(program.output).toMatch(/^error: unknown option '--no-such-option'/)
  })

  it.each(ALL)('%s exits with 2 for an option with an invalid value', async (...args) => {
    const [option, value] = args[0] === 'tv' ? ['--port', 'x'] : ['--seconds', 'x']
    const program = dvbcss(...args, option, value)
    expect(await program.exited).toBe(2)
    expect(program.output).toMatch(/^error: option .* is invalid/)
  })

  it.each([['follow'], ['cii'], ['wc'], ['ts', '127.0.0.1:1', '', 'x', '1'], ['check']])(
    '%s exits with 2 for an invalid address',
    async (name, ...others) => {
      const program = dvbcss(name, 'http://127.0.0.1/', ...others)
      expect(await program.exited).toBe(2)
      expect(program.output).toMatch(/^error: command-argument value 'http:\/\/127.0.0.1\/' is invalid/)
    },
  )

  it.each(['follow', 'cii', 'wc', 'ts', 'check'] as const)('%s exits with 3 if it cannot connect', async (name) => {
    const port = await closedPort()
    const [command, , ...others] = COMMANDS[name]
    const url = `ws://127.0.0.1:${port}/${name}`
    const program = dvbcss(command, url, ...others, ...(name === 'check' ? [] : ['--no-retry']))
    expect(await program.exited).toBe(3)
    expect(program.output).toContain(String(port))
  })

  it.each(ALL)('%s exits with 5 for an internal error', async (...args) => {
    // Throws as soon as the command handles uncaught exceptions.
    const code = `process.on('newListener', (name) => {
      if (name === 'uncaughtException') setTimeout(() => { throw new Error('a fault of ours') })
    })`
    const throws = encodeURIComponent(code)
    const program = dvbcssWith({ NODE_OPTIONS: `--import=data:text/javascript,${throws}` }, ...args)
    expect(await program.exited).toBe(5)
    expect(program.output).toContain('dvbcss: internal error: Error: a fault of ours')
  })
})
