import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { JsonOutput } from './json-output.js'
import { dvbcss, endToolsAfterEach, scriptedServer, television } from './tools.js'

endToolsAfterEach()

const PTS = 'urn:dvb:css:timeline:pts'

describe('dvbcss ts', () => {
  it('follows one timeline, and gives the control timestamps as they came', async () => {
    const { tv, ts, udp } = await television()
    await tv.type('pause', /speed 0/)
    await tv.type('seek 100', /position 100\.000/)
    const program = dvbcss('ts', ts, udp, '', PTS, '90000', '--json', '--count', '2', '--interval', '0.05')
    const output = new JsonOutput(program)
    expect(await output.nextOf('timing')).toMatchObject({
      contentTime: '9000000',
      wallClockTime: expect.stringMatching(/^\d+$/),
      timelineSpeedMultiplier: 0,
    })
    expect(await output.nextOf('position')).toMatchObject({ available: true, seconds: 100, ticks: 9_000_000, speed: 0 })
    await tv.type('seek 5', /position 5\.000/)
    expect(await output.nextOf('timing')).toMatchObject({ contentTime: '450000', changeSeconds: -95 })
    expect(await program.exited).toBe(0)
  })

  it('prints lines for people', async () => {
    const { ts, wc } = await television()
    const program = dvbcss('ts', ts, wc, 'dvb://', PTS, '90000')
    await program.printed(/^0:00:\d\d\.\d{3} {2}×1 {2}±\d+\.\d{3} ms {2}wc [+-]\d\.\d{6} s, round trip \d+\.\d{3} ms$/m)
    expect(await program.end('SIGINT')).toBe(130)
    expect(program.output).not.toContain('\x1b')
  })

  it('sends the stem and the selector as they are, and says when the timeline goes', async () => {
    const { udp } = await television()
    const server = await scriptedServer()
    const program = dvbcss('ts', server.url, udp, 'dvb://1', 'urn:x', '30000/1001')
    const socket = await server.connection()
    const [setup] = await once(socket, 'message')
    expect(JSON.parse(String(setup))).toEqual({ contentIdStem: 'dvb://1', timelineSelector: 'urn:x' })
    socket.send('{"contentTime":"30","wallClockTime":"0","timelineSpeedMultiplier":0}')
    await program.printed(/^0:00:01\.001 {2}×0/m)
    socket.send('{"contentTime":null,"wallClockTime":"0","timelineSpeedMultiplier":null}')
    await program.printed(/dvbcss ts: unavailable: timeline not available/)
    socket.send('{"contentTime":"1"}')
    await program.printed(/dvbcss ts: CSS-TS: invalid message: /)
  })

  it('exits with 3 with --no-retry when it cannot connect', async () => {
    const program = dvbcss('ts', 'ws://127.0.0.1:1/', '127.0.0.1:1', '', PTS, '90000', '--no-retry')
    expect(await program.exited).toBe(3)
    expect(program.output).toMatch(/could not connect to ws:\/\/127\.0\.0\.1:1\//)
  })

  it.each([
    [['--help'], 0, /Examples:\n {2}dvbcss ts ws:/],
    [['ws://x', 'x:1', '', PTS, '0'], 2, /Expected ticks per second above 0/],
    [['ws://x', 'x:1', '', PTS, '1/0'], 2, /Expected ticks per second above 0/],
    [['ws://x', 'x:1', ''], 2, /missing required argument 'selector'/],
    [['ws://x', 'x:1', '', '', '1'], 2, /Expected a URI/],
  ])('answers %j', async (args, code, output) => {
    const program = dvbcss('ts', ...args)
    expect(await program.exited).toBe(code)
    expect(program.output).toMatch(output)
  })
})
