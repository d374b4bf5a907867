import { describe, expect, it } from 'vitest'
import { contentTicksAt, decodeControlTimestamp } from '../../../src/messages/index.js'
import type { Program } from '../../helpers/program.js'
import { WsClient } from '../../helpers/ws-client.js'
import { JsonOutput, type JsonRecord } from './json-output.js'
import { dvbcss, endToolsAfterEach, scriptedServer, television } from './tools.js'

endToolsAfterEach()

const TICK_SECONDS = 1 / 90_000
/** The television's console rounds to a millisecond. */
const ROUNDING_SECONDS = 0.0005

interface Position extends JsonRecord {
  seconds: number
  ticks: number
  speed: number
  errorSeconds: number
  wallClockNanos: number
}

/** The next position at a speed that is sure to a millisecond, as all are soon after an answer of the wall clock. */
async function surePosition(output: JsonOutput, speed: number): Promise<Position> {
  return (await output.nextOf(
    'position',
    (record) => record.speed === speed && (record.errorSeconds as number) <= 0.001,
  )) as Position
}

/** The monotonic clock of this machine, which is the television's wall clock. */
const wallClockNanos = () => Number(process.hrtime.bigint())

/** What the console says the position is, and between which times of its wall clock it was asked. */
async function askConsole(tv: Program) {
  const from = wallClockNanos()
  const [, seconds] = await tv.type('status', /position {3}(-?[\d.]+) s at speed/)
  return { from, seconds: Number(seconds), to: wallClockNanos() }
}

/** Holds a position of the companion against the console, which answers at a moment that lies between two known ones. */
async function expectAgreement(tv: Program, position: Position) {
  const asked = await askConsole(tv)
  const at = (nanos: number) => position.seconds + ((nanos - position.wallClockNanos) / 1e9) * position.speed
  expect(asked.seconds).toBeGreaterThanOrEqual(at(asked.from) - 0.001 - ROUNDING_SECONDS)
  expect(asked.seconds).toBeLessThanOrEqual(at(asked.to) + 0.001 + ROUNDING_SECONDS)
}

describe('dvbcss follow', () => {
  it('shows the position that the television itself shows, through a pause, a seek and double speed', async () => {
    const { tv, cii, ts } = await television()
    const output = new JsonOutput(dvbcss('follow', cii, '--json', '--interval', '0.02'))
    const raw = await WsClient.open(ts)
    raw.send({ contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' })
    let timestamp = decodeControlTimestamp(await raw.nextJson())
    const expectSameTicks = ({ ticks, wallClockNanos: nanos }: Position) => {
      // Two control timestamps of one movement may differ by what is cut off of a tick.
      expect(Math.abs(ticks - contentTicksAt(timestamp, nanos, 90_000))).toBeLessThanOrEqual(1.01)
    }

    const playing = await surePosition(output, 1)
    await expectAgreement(tv, playing)
    expectSameTicks(playing)

    const [, pausedAt] = await tv.type('pause', /position (\S+) s, speed 0/)
    timestamp = decodeControlTimestamp(await raw.nextJson())
    const paused = await surePosition(output, 0)
    expect(Math.abs(paused.seconds - Number(pausedAt))).toBeLessThanOrEqual(ROUNDING_SECONDS + TICK_SECONDS)
    expect(paused.ticks).toBe(Number(timestamp.contentTime))

    await tv.type('seek 100', /position 100\.000 s, speed 0/)
    timestamp = decodeControlTimestamp(await raw.nextJson())
    const sought = (await output.nextOf('position', ({ seconds }) => seconds === 100)) as Position
    expect(sought).toMatchObject({ ticks: 9_000_000, speed: 0 })

    await tv.type('speed 2', /speed 2/)
    timestamp = decodeControlTimestamp(await raw.nextJson())
    const fast = await surePosition(output, 2)
    await expectAgreement(tv, fast)
    expectSameTicks(fast)

    await tv.type('play', /speed 2/)
    await tv.type('speed -1', /speed -1/)
    timestamp = decodeControlTimestamp(await raw.nextJson())
    expectSameTicks(await surePosition(output, -1))
  })

  it('keeps to the error that it states', async () => {
    const { cii } = await television()
    const output = new JsonOutput(dvbcss('follow', cii, '--json', '--interval', '0.02'))
    for (let positions = 0; positions < 50; positions++) {
      const { offsetSeconds, dispersionSeconds } = await output.nextOf('position')
      // Television and companion read the same clock, so the offset is 0 in truth.
      expect(Math.abs(Number(offsetSeconds))).toBeLessThanOrEqual(Number(dispersionSeconds))
    }
  })

  it('prints lines for people: position, speed, error, wall clock, content and timeline', async () => {
    const { cii } = await television()
    const program = dvbcss('follow', cii, '--seconds', '5')
    await program.printed(
      /^\d:\d\d:\d\d\.\d{3} {2}×1 {2}±\d+\.\d{3} ms {2}wc [+-]\d\.\d{6} s, round trip \d+\.\d{3} ms {2}dvb:\S+ {2}urn:\S+$/m,
    )
    expect(await program.exited).toBe(0)
    expect(program.output).not.toContain('\x1b')
  })

  it('asks over a WebSocket, and for another timeline, when told to', async () => {
    const { cii, wc } = await television()
    const temi = 'urn:dvb:css:timeline:temi:1:1'
    const output = new JsonOutput(dvbcss('follow', cii, '--json', '--web-socket-wc', '--selector', temi))
    expect(await output.nextOf('connected', ({ source }) => source === 'wc')).toMatchObject({ url: wc })
    expect(await output.nextOf('position')).toMatchObject({ timelineSelector: temi, tickRate: 1000 })
  })

  it('waits for a television that is not there, and follows it when it comes back', async () => {
    const { tv, cii } = await television()
    const output = new JsonOutput(dvbcss('follow', cii, '--json', '--interval', '0.05'))
    await output.nextOf('position')
    await tv.end('SIGKILL')
    await output.nextOf('unavailable', ({ reason }) => reason === 'ts')
    await output.nextOf('connectFailed', ({ source }) => source === 'cii')
    const again = dvbcss('tv', '--host', '127.0.0.1', '--port', new URL(cii).port, '--wc-port', '0')
    await again.printed(/Type a command/)
    await output.nextOf('position')
  })

  it('stops at the first failure with --no-retry, and exits with 3', async () => {
    const refused = dvbcss('follow', 'ws://127.0.0.1:1/', '--no-retry')
    expect(await refused.exited).toBe(3)
    expect(refused.output).toMatch(/dvbcss follow: CSS-CII: could not connect to ws:\/\/127\.0\.0\.1:1\//)
    const { tv, cii } = await television()
    const program = dvbcss('follow', cii, '--no-retry')
    await program.printed(/×1/)
    await tv.end('SIGTERM')
    expect(await program.exited).toBe(3)
  })

  it('exits with 3 when it could not connect in the given time, and states why', async () => {
    const program = dvbcss('follow', 'ws://127.0.0.1:1/', '--seconds', '0.3')
    expect(await program.exited).toBe(3)
    expect(program.output).toMatch(/no data received|could not connect/)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends on %s with %i', async (signal, code) => {
    const { cii } = await television()
    const program = dvbcss('follow', cii)
    await program.printed(/×1/)
    expect(await program.end(signal)).toBe(code)
  })

  it('survives a television that talks nonsense, and says what is wrong', async () => {
    const server = await scriptedServer()
    const output = new JsonOutput(dvbcss('follow', server.url, '--json'))
    const socket = await server.connection()
    for (const nonsense of ['[', '{"timelines":{}}', '{"tsUrl":"x","wcUrl":"udp://\\u001b[31m"}']) socket.send(nonsense)
    await output.nextOf('protocolError', ({ reason }) => reason !== 'bad-url')
    await output.nextOf('protocolError', ({ detail }) => /timelines/.test(String(detail)))
    await output.nextOf('protocolError', ({ detail }) => /wcUrl/.test(String(detail)))
    expect(await output.nextOf('unavailable')).toMatchObject({ reason: 'no-wall-clock' })
  })

  it.each([
    [['--help'], 0, /--no-retry[\s\S]*Exit codes:[\s\S]*130[\s\S]*Examples:\n {2}dvbcss follow ws:/],
    [['http://x'], 2, /Expected ws:\/\/…, wss:\/\/…, host, host:port or \[::1\]:port/],
    [[], 2, /expected the address of a television, or --discover/],
    [['ws://x', '--tick-rate', '5'], 2, /requires --selector/],
    [['ws://x', '--interval', '0'], 2, /Expected a number of seconds from 0.001/],
    [['ws://x', '--wc', 'x:0'], 2, /Expected udp:\/\/host:port, ws:/],
  ])('answers %j', async (args, code, output) => {
    const program = dvbcss('follow', ...args)
    expect(await program.exited).toBe(code)
    expect(program.output).toMatch(output)
  })
})
