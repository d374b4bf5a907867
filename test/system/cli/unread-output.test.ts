import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { has } from '../../helpers/needs.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { endToolsAfterEach, scriptedServer } from './tools.js'

endToolsAfterEach()

const DVBCSS = fileURLToPath(new URL('../../../dist/cli/dvbcss.js', import.meta.url))

/** Runs a command on a terminal of its own, which is read until a text has come, and then never again. */
const UNREAD_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b''
while sys.argv[1].encode() not in seen:
    seen += os.read(terminal, 1024)
print(pid, seen.decode().replace('\\r', ''), flush=True)
for line in sys.stdin:
    os.write(terminal, line.encode())
_, status = os.waitpid(pid, 0)
print('exit', os.waitstatus_to_exitcode(status), flush=True)
`

function stateOf(number: number): string {
  return JSON.stringify({ contentId: `dvb://${number}/${'x'.repeat(900)}`, contentIdStatus: 'final' })
}

describe('output that nobody reads', () => {
  it('stops neither the wall clock nor the end of the television, and lines that were dropped are counted', async () => {
    const tv = spawn(process.execPath, [DVBCSS, 'tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0'])
    try {
      let output = ''
      const read = (chunk: Buffer) => {
        output += chunk.toString()
      }
      tv.stdout.on('data', read)
      while (!output.includes('Type a command')) await once(tv.stdout, 'data')
      tv.stdout.off('data', read).pause()
      const port = Number(/udp:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])
      for (let index = 0; index < 5000; index++) tv.stdin.write('help\n')
      const companion = await UdpClient.open({ address: '127.0.0.1', port })
      for (let index = 0; index < 20; index++) {
        companion.send(new Uint8Array(32))
        await companion.next()
      }
      companion.close()
      // All that was typed has been carried out, and the television still reads.
      await new Promise((resolve) => tv.stdin.write('help\n', resolve))
      tv.stdout.on('data', read).resume()
      while (!/\d+ lines dropped: output was not read/.test(output)) await once(tv.stdout, 'data')
      tv.stdout.off('data', read).pause()
      for (let index = 0; index < 5000; index++) tv.stdin.write('help\n')
      tv.kill('SIGTERM')
      expect(await once(tv, 'exit')).toEqual([0, null])
    } finally {
      tv.kill('SIGKILL')
    }
  })

  it.each([[[]], [['--json']], [['--seconds', '2']]])(
    'does not keep dvbcss cii from its end, with %j',
    async (args) => {
      const server = await scriptedServer()
      const program = spawn(process.execPath, [DVBCSS, 'cii', server.url, ...args])
      try {
        program.stderr.resume()
        const exited = once(program, 'exit')
        const socket = await server.connection()
        for (let index = 0; index < 3000; index++) socket.send(stateOf(index))
        const pong = once(socket, 'pong')
        socket.ping()
        await pong
        if (args.includes('--seconds')) {
          expect(await exited).toEqual([0, null])
        } else {
          program.kill('SIGTERM')
          expect(await exited).toEqual([143, null])
        }
      } finally {
        program.kill('SIGKILL')
      }
    },
  )

  it('is counted in an object of its own with --json', async () => {
    const server = await scriptedServer()
    const program = spawn(process.execPath, [DVBCSS, 'cii', server.url, '--json'])
    try {
      const socket = await server.connection()
      for (let index = 0; index < 3000; index++) socket.send(stateOf(index))
      const pong = once(socket, 'pong')
      socket.ping()
      await pong
      let output = ''
      program.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      while (!/"event":"dropped".*\n/.test(output)) await once(program.stdout, 'data')
      socket.send(stateOf(3000))
      while (!/dvb:\/\/3000\/.*\n/.test(output)) await once(program.stdout, 'data')
      const records = output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
      const dropped = records.filter(({ event }) => event === 'dropped')
      const changes = records.filter(({ event }) => event === 'change')
      expect(changes.length + dropped.reduce((sum, { lines }) => sum + lines, 0)).toBe(3001)
    } finally {
      program.kill('SIGKILL')
    }
  })

  it.runIf(has('python'))('does not stop a television on a terminal that has stopped', async () => {
    const command = [process.execPath, DVBCSS, 'tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0']
    const terminal = spawn('python3', ['-c', UNREAD_TERMINAL, 'Type a command', ...command])
    try {
      let output = ''
      terminal.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      while (!output.includes('Type a command')) await once(terminal.stdout, 'data')
      const port = Number(/udp:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])
      const pid = Number.parseInt(output, 10)
      for (let index = 0; index < 200; index++) terminal.stdin.write('help\n')
      const companion = await UdpClient.open({ address: '127.0.0.1', port })
      for (let index = 0; index < 20; index++) {
        companion.send(new Uint8Array(32))
        await companion.next()
      }
      companion.close()
      process.kill(pid, 'SIGTERM')
      terminal.stdin.end()
      while (!/exit -?\d+\n/.test(output)) await once(terminal.stdout, 'data')
      expect(output).toContain('exit 0')
    } finally {
      terminal.kill('SIGKILL')
    }
  })

  it('ends the television with exit code 0 when the reader of its output has closed', async () => {
    const tv = spawn(process.execPath, [DVBCSS, 'tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0'])
    try {
      await once(tv.stdout, 'data')
      const exited = once(tv, 'exit')
      tv.stdin.on('error', () => {})
      tv.stdout.destroy()
      let errors = ''
      tv.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString()
      })
      tv.stdin.write('help\n')
      tv.stdin.write('help\n')
      expect(await exited).toEqual([0, null])
      expect(errors).toBe('')
    } finally {
      tv.kill('SIGKILL')
    }
  })
})
