import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { JsonOutput } from './json-output.js'
import { dvbcss, endToolsAfterEach, scriptedServer, television } from './tools.js'

endToolsAfterEach()

describe('dvbcss wc', () => {
  it('shows offset, round trip, dispersion and loss for each answer, and a summary', async () => {
    const { udp } = await television()
    const program = dvbcss('wc', udp.replace('udp://', ''), '--count', '3', '--interval', '0.05')
    expect(await program.exited).toBe(0)
    expect(program.output.trimEnd().split('\n')).toEqual([
      ...[1, 2, 3].map((answers) =>
        expect.stringMatching(
          new RegExp(
            `^offset [+-]\\d\\.\\d{6} s {2}round trip \\d+\\.\\d{3} ms {2}dispersion \\d+\\.\\d{3} ms {2}loss 0\\.0 % \\(0/${answers}\\)$`,
          ),
        ),
      ),
      expect.stringMatching(/^\d+ requests, 3 responses, 0\.0 % lost; round trip min .* ms, median .* ms$/),
    ])
  })

  it.each([
    ['over UDP', 'udp', []],
    ['over a WebSocket', 'wc', []],
    ['over a WebSocket, as JSON', 'wc', ['--encoding', 'json']],
  ] as const)('keeps to the bound that it states, %s', async (_name, kind, args) => {
    const where = await television()
    const program = dvbcss('wc', where[kind], '--json', '--count', '5', '--interval', '0.05', ...args)
    const records = await JsonOutput.all(program)
    expect(records[0]).toEqual({ event: 'connected', url: where[kind] })
    expect(records.at(-1)).toMatchObject({ event: 'summary', responses: 5, timeouts: 0, loss: 0 })
    const answers = records.filter(({ event }) => event === 'answer') as unknown as Record<string, number>[]
    expect(answers).toHaveLength(5)
    for (const { offsetSeconds = Number.NaN, dispersionSeconds = Number.NaN } of answers) {
      // Server and client read the same clock of this machine.
      expect(Math.abs(offsetSeconds)).toBeLessThanOrEqual(dispersionSeconds)
    }
    expect(await program.exited).toBe(0)
  })

  it('counts what gets no answer, and exits with 4 when nothing was answered', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const program = dvbcss('wc', `127.0.0.1:${silent.address().port}`, '--json', '--count', '1', '--interval', '0.1')
    const records = await JsonOutput.all(program)
    silent.close()
    expect(records.find(({ event }) => event === 'timeout')).toMatchObject({ waitedFor: 'response', loss: 1 })
    expect(records.at(-1)).toMatchObject({ event: 'summary', responses: 0, loss: 1, dispersionSeconds: null })
    expect(await program.exited).toBe(4)
  })

  it('goes on after answers that cannot be', async () => {
    const server = await scriptedServer()
    const program = dvbcss('wc', server.url)
    const socket = await server.connection()
    socket.send('x')
    await program.printed(/dvbcss wc: invalid message: /)
    expect(await program.end('SIGINT')).toBe(130)
    expect(program.output).toMatch(/\d+ requests, 0 responses/)
  })

  it('exits with 3 with --no-retry when the host is not known', async () => {
    const program = dvbcss('wc', 'no-such-host.invalid:6677', '--no-retry')
    expect(await program.exited).toBe(3)
    expect(program.output).toMatch(/dvbcss wc: .*no-such-host\.invalid/)
  })

  it.each([
    [['--help'], 0, /--interval <seconds>[\s\S]*Examples:\n {2}dvbcss wc /],
    [['127.0.0.1:0'], 2, /Expected udp:\/\/host:port, ws:/],
    [['127.0.0.1:1', '--encoding', 'pigeon'], 2, /Allowed choices are binary, json/],
  ])('answers %j', async (args, code, output) => {
    const program = dvbcss('wc', ...args)
    expect(await program.exited).toBe(code)
    expect(program.output).toMatch(output)
  })
})
