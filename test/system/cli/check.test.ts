import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { Program } from '../../helpers/program.js'

const DVBCSS = fileURLToPath(new URL('../../../dist/cli/dvbcss.js', import.meta.url))
const PEER = fileURLToPath(new URL('check-peer.js', import.meta.url))

const ends: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})

function program(file: string, ...args: string[]): Program {
  const started = new Program(file, args)
  ends.push(() => started.end('SIGKILL'))
  return started
}

async function television(): Promise<{ tv: Program; cii: string; wc: string }> {
  const tv = program(DVBCSS, 'tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--log-level', 'warn')
  const [, cii = ''] = await tv.printed(/CSS-CII {2}(ws:\S+)/)
  const [, wc = ''] = await tv.printed(/CSS-WC {3}(udp:\S+)/)
  return { tv, cii, wc }
}

interface Line {
  rule?: string
  verdict?: string
  expected?: string
  got?: string
  summary?: Record<string, number>
  exitCode?: number
  untested?: string
}

/** Runs the check to its end. */
async function check(...args: string[]): Promise<{ code: number | null; lines: Line[]; output: string }> {
  const checking = program(DVBCSS, 'check', '--json', ...args)
  const code = await checking.exited
  const lines = checking.output.split('\n').filter((line) => line.startsWith('{'))
  return { code, lines: lines.map((line) => JSON.parse(line) as Line), output: checking.output }
}

const rulesWith = (lines: Line[], verdict: string) =>
  lines.filter((line) => line.verdict === verdict).map(({ rule }) => rule)

describe('dvbcss check', () => {
  it('finds nothing wrong with our own television, which lives on', async () => {
    const { tv, cii } = await television()
    const { code, lines } = await check(cii, '--seconds', '2')
    expect(rulesWith(lines, 'fail')).toEqual([])
    // What it does not have, and a change that may or may not have come in that time.
    const absent = ['cii-later-messages-well-formed', 'cii-mrs-url', 'cii-te-url', 'wc-follow-up-complete']
    expect(rulesWith(lines, 'skipped').filter((rule) => !absent.includes(rule ?? ''))).toEqual([])
    expect(lines.at(-1)).toMatchObject({ summary: { fail: 0 }, exitCode: 0 })
    expect(code).toBe(0)
    expect(tv.process.exitCode).toBe(null)
  })

  it('takes the wall clock, the selector and the stem that it is given', async () => {
    const { cii, wc } = await television()
    const selector = 'urn:dvb:css:timeline:temi:1:1'
    const given = ['--wc', wc, '--selector', selector, '--stem', 'dvb://233a', '--seconds', '1']
    const { code, lines } = await check(cii, ...given)
    expect(rulesWith(lines, 'fail')).toEqual([])
    expect(lines.find(({ rule }) => rule === 'ts-timeline-available')).toMatchObject({
      verdict: 'pass',
      reason: selector,
    })
    expect(code).toBe(0)
  })

  it.each([
    ['as it is made', {}, []],
    ['with follow-ups', { followup: true }, []],
    [
      'with a precision that its clock does not have, and a frequency error that is cut off instead of rounded up',
      { precision: 0.0001, maxFreqError: 0.003 },
      ['wc-precision-kept', 'wc-max-freq-error-plausible'],
    ],
  ])('finds what is wrong with the wall clock server of dvbcss-protocols %s', async (_name, options, more) => {
    const peer = program(PEER, JSON.stringify(options))
    const [url] = await peer.printed(/udp:\S+/)
    const { code, lines } = await check(url, '--seconds', '1')
    // It answers datagrams that are too long, and one of another version ends it.
    expect(rulesWith(lines, 'fail')).toEqual([...more, 'wc-survives'])
    expect(rulesWith(lines, 'warn')).toEqual(['wc-long-unanswered'])
    const { expected } = lines.find(({ rule }) => rule === 'wc-survives') ?? {}
    expect(expected).toBe('an answer after a message of version 1 to CSS-WC')
    expect(rulesWith(lines, 'skipped')).toContain('wc-short-unanswered')
    expect(code).toBe(1)
    expect(await peer.exited).not.toBe(0)
    expect(peer.output).toMatch(/Invalid message version/)
  })

  it('prints for people what was expected and what came, and nothing that a terminal would carry out', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    ends.push(() => server.close())
    await once(server, 'listening')
    const cii = { protocolVersion: '1.1', contentId: '\u001b[2J\u009b', contentIdStatus: 'final' }
    server.on('connection', (socket) => socket.send(JSON.stringify(cii)))
    const { port } = server.address() as { port: number }
    const checking = program(DVBCSS, 'check', `ws://127.0.0.1:${port}`, '--seconds', '0.1')
    expect(await checking.exited).toBe(1)
    expect(checking.output).toMatch(
      /FAIL {2}cii-content-id {2}contentId is a URI \(TS 103 286-2, 5\.6\)\n +expected a URI\n/,
    )
    expect(checking.output).toMatch(/not tested: no tsUrl in CII; pass one with --ts/)
    expect(checking.output).not.toContain('\u001b')
    expect(checking.output).not.toContain('\u009b')
    for (const client of server.clients) client.terminate()
  })

  it('exits with 4 when a wall clock does not answer', async () => {
    const deaf = createSocket('udp4')
    deaf.bind(0, '127.0.0.1')
    await once(deaf, 'listening')
    ends.push(() => deaf.close())
    const { code, lines } = await check(`udp://127.0.0.1:${deaf.address().port}`, '--seconds', '0.5')
    expect(code).toBe(4)
    expect(lines).toEqual([{ untested: expect.stringContaining('no response to any request'), exitCode: 4 }])
  })

  it('exits with 3 when it cannot connect', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    const { code, output } = await check(`ws://127.0.0.1:${port}/cii`)
    expect(code).toBe(3)
    expect(output).toMatch(/dvbcss check: cannot test ws:\S+: no connection \(.*ECONNREFUSED/)
  })

  it('finds the television by its name, and checks how it is found', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const port = `${socket.address().port}`
    socket.close()
    const options = ['--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--ssdp-port', port, '--log-level', 'warn']
    const tv = program(DVBCSS, 'tv', ...options)
    const [, name = ''] = await tv.printed(/Companions find it as "([^"]*)"/)
    const only = 'discovery-answers-search,discovery-app2app-url,cii-connects'
    const search = ['--discover', name, '--interface', '127.0.0.1', '--ssdp-port', port]
    const { code, lines } = await check(...search, '--seconds', '0.5', '--only', only)
    expect(rulesWith(lines, 'pass')).toEqual(only.split(','))
    expect(code).toBe(0)
    const wrong = await check('--discover', 'nobody', ...search.slice(2), '--seconds', '0.5')
    expect(wrong.output).toMatch(/dvbcss check: no television named "nobody" found/)
    expect(wrong.code).toBe(4)
  })

  it('writes reports, also of a television that it cannot reach', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dvbcss-check-'))
    ends.push(() => rm(folder, { recursive: true }))
    const [html, xml] = [join(folder, 'report.html'), join(folder, 'report.xml')]
    const { cii } = await television()
    const reports = ['--report', html, '--junit', xml]
    expect((await check(cii, '--seconds', '0.5', '--only', 'cii-connects,wc-rate', ...reports)).code).toBe(0)
    expect(await readFile(html, 'utf8')).toMatch(/<!doctype html>[\s\S]*No fault found[\s\S]*wc-rate/)
    expect(await readFile(xml, 'utf8')).toMatch(/<testsuite name="CSS-CII" [^>]*tests="1" failures="0"/)

    const { code } = await check('ws://127.0.0.1:9/cii', ...reports)
    expect(code).toBe(3)
    expect(await readFile(html, 'utf8')).toMatch(/Not tested: .*no connection/)
    expect(await readFile(xml, 'utf8')).toMatch(/<skipped message=".*no connection/)
  })

  it('does not start when a report cannot be written', async () => {
    const { code, output } = await check('ws://127.0.0.1:9/cii', '--report', '/nonexistent/report.html')
    expect(code).toBe(5)
    expect(output).toMatch(/dvbcss check: cannot write the report: ENOENT/)
  })

  it('can be interrupted, and leaves nothing on the terminal but that it was', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    ends.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const connected = once(server, 'connection')
    const checking = program(DVBCSS, 'check', `ws://127.0.0.1:${port}`, '--seconds', '3600')
    await connected
    expect(await checking.end('SIGINT')).toBe(130)
    expect(checking.output).toBe('\ndvbcss check: interrupted\n')
  })

  it.each([
    [['--help'], 0, /Exit codes:[\s\S]*Examples:/],
    [[], 2, /expected an address, --description or --discover/],
    [['ws://127.0.0.1:1/', '--discover'], 2, /expected either --discover or the address of a television, not both/],
    [['http://127.0.0.1/'], 2, /Expected ws:\/\/…, wss:\/\/…, host, host:port or/],
    [['udp://127.0.0.1:0'], 2, /Expected udp/],
    [['--description', 'ws://127.0.0.1/'], 2, /Expected an http/],
    [['ws://127.0.0.1:1/', '--seconds', '-1'], 2, /Expected a number of seconds/],
    [['ws://127.0.0.1:1/', '--only', 'wc-rat'], 2, /unknown rule 'wc-rat' \(did you mean wc-rate\?\)/],
    [['ws://127.0.0.1:1/', '--skip', 'Everything!'], 2, /Expected names of rules/],
    [['ws://127.0.0.1:1/', '--loud'], 2, /unknown option '--loud'/],
  ])('answers %j', async (args, code, output) => {
    const checking = program(DVBCSS, 'check', ...args)
    expect(await checking.exited).toBe(code)
    expect(checking.output).toMatch(output)
  })
})
