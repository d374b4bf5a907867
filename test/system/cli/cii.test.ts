import { describe, expect, it } from 'vitest'
import { JsonOutput } from './json-output.js'
import { dvbcss, endToolsAfterEach, scriptedServer, television } from './tools.js'

endToolsAfterEach()

describe('dvbcss cii', () => {
  it('shows the whole state each time, and marks what has changed', async () => {
    const server = await scriptedServer()
    const program = dvbcss('cii', server.url, '--count', '3')
    const socket = await server.connection()
    socket.send('{"protocolVersion":"1.1","contentId":"dvb://1.2.3","contentIdStatus":"partial","mrsUrl":"http://m/"}')
    socket.send('{"contentId":"dvb://1.2.3;4","contentIdStatus":"final"}')
    socket.send(
      '{"mrsUrl":null,"presentationStatus":"okay x","timelines":[{"timelineSelector":"urn:t","timelineProperties":{"unitsPerTick":1001,"unitsPerSecond":30000,"accuracy":0.2}},{"timelineSelector":"urn:u","timelineProperties":{"unitsPerTick":1,"unitsPerSecond":5}}]}',
    )
    expect(await program.exited).toBe(0)
    const [, first, second, third] = program.output.split(/^\d\d:\d\d:\d\d\.\d{3}\n/m)
    expect(first).toBe(
      [
        '* protocolVersion    1.1',
        '* mrsUrl             http://m/',
        '* contentId          dvb://1.2.3',
        '* contentIdStatus    partial',
        '',
      ].join('\n'),
    )
    expect(second).toMatch(/^ {2}mrsUrl .*\n\* contentId {10}dvb:\/\/1\.2\.3;4\n\* contentIdStatus {4}final\n$/m)
    expect(third).toMatch(/^\* mrsUrl {13}\(none\)\n {2}contentId/m)
    expect(third).toMatch(/^\* presentationStatus okay x\n/m)
    expect(third).toMatch(/^\* timelines {10}urn:t \(30000\/1001 ticks\/s, ± 0\.2 s\)\n\* {20}urn:u \(5 ticks\/s\)\n$/m)
  })

  it('gives one JSON object a line', async () => {
    const { cii, ts } = await television()
    const program = dvbcss('cii', cii, '--count', '1', '--json')
    const [connected, change, ...more] = await JsonOutput.all(program)
    expect(connected).toEqual({ event: 'connected', url: cii })
    expect(change).toMatchObject({ event: 'change', changes: expect.arrayContaining(['tsUrl']), state: { tsUrl: ts } })
    expect(more).toEqual([])
    expect(await program.exited).toBe(0)
    expect(program.output.split('\n').filter((line) => line !== '')).toHaveLength(2)
  })

  it('lets no server command the terminal', async () => {
    const state = JSON.stringify({
      contentId: 'dvb://\x1b[2J\x07\x9b31m\u202e',
      contentIdStatus: 'final',
      mrsUrl: 'a\nb',
    })
    for (const args of [[], ['--json']]) {
      const server = await scriptedServer()
      const program = dvbcss('cii', server.url, '--count', '1', ...args)
      const socket = await server.connection()
      socket.send('\x1b]0;title\x07')
      socket.send(state)
      expect(await program.exited).toBe(0)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(program.output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
      expect(program.output).toContain('dvb://\\u001b[2J\\u0007\\u009b31m\\u202e')
      // Nor write lines that look like ours.
      expect(program.output).not.toMatch(/^b/m)
    }
  })

  it('connects again when the server goes away, and says so', async () => {
    const server = await scriptedServer()
    const { port } = server
    const program = dvbcss('cii', server.url, '--count', '2')
    const socket = await server.connection()
    socket.send('{"protocolVersion":"1.1"}')
    await program.printed(/protocolVersion/)
    await server.stop()
    await program.printed(/connection to \S+ closed with \d+.*; reconnecting in \d+\.\d s/)
    const back = await scriptedServer(port)
    ;(await back.connection()).send('{"protocolVersion":"1.1","mrsUrl":"http://m/"}')
    expect(await program.exited).toBe(0)
  })

  it('says why it was refused, and exits with 3 with --no-retry', async () => {
    const server = await scriptedServer()
    server.refuseWith = { status: 403 }
    const program = dvbcss('cii', server.url, '--no-retry', '--json')
    expect(await JsonOutput.all(program)).toMatchObject([
      { event: 'connectFailed', kind: 'http-status', status: 403 },
      { event: 'failed', detail: expect.stringContaining('403') },
    ])
    expect(await program.exited).toBe(3)
  })

  it('ends well when nobody reads its output any more', async () => {
    const server = await scriptedServer()
    const program = dvbcss('cii', server.url)
    const socket = await server.connection()
    socket.send('{"protocolVersion":"1.1"}')
    await program.printed(/protocolVersion/)
    program.process.stdout?.destroy()
    socket.send('{"mrsUrl":"http://m/"}')
    expect(await program.exited).toBe(0)
  })

  it.each([
    [['cii', '--help'], 0, /Examples:\n {2}dvbcss cii ws:/],
    [['cii', 'udp://x:1'], 2, /Expected ws:/],
    [['cii', 'ws://x', '--count', '0'], 2, /Expected a positive integer/],
    [['cii', 'ws://x', '--seconds', '-1'], 2, /Expected a number of seconds/],
    [['remote'], 2, /unknown command 'remote'/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  ])('answers %j', async (args, code, output) => {
    const program = dvbcss(...args)
    expect(await program.exited).toBe(code)
    expect(program.output).toMatch(output)
  })
})
