import { describe, expect, it } from 'vitest'
import type { Program } from '../../helpers/program.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'
import { dvbcss, endToolsAfterEach } from './tools.js'

endToolsAfterEach()

async function television(...args: string[]): Promise<{ tv: Program; base: string; wallClockPort: number }> {
  const tv = dvbcss('tv', '--host', '127.0.0.1', '--port', '0', '--wc-port', '0', '--log-level', 'silent', ...args)
  const [, base = ''] = await tv.printed(/CSS-CII {2}(ws:\S+)\/cii/)
  const [, port] = await tv.printed(/udp:\/\/127\.0\.0\.1:(\d+)/)
  return { tv, base, wallClockPort: Number(port) }
}

const ENDPOINTS = ['/cii', '/ts', '/wc']

describe('the limits of the television', () => {
  it('let a household in, and one address no more than 50 times on each endpoint', async () => {
    const { base } = await television()
    for (const path of ENDPOINTS) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => WsClient.open(base + path)))
      expect((await refusal(base + path)).status).toBe(429)
      for (const client of clients) client.socket.terminate()
    }
  })

  it('are options, for all endpoints', async () => {
    const { base } = await television('--max-connections', '1', '--max-connections-per-address', 'none')
    for (const path of ENDPOINTS) {
      const client = await WsClient.open(base + path)
      expect((await refusal(base + path)).status).toBe(503)
      client.socket.terminate()
    }
  })

  it('limit handshakes, messages and requests a second', async () => {
    const rates = [
      '--max-handshakes-per-second',
      '3',
      '--max-messages-per-second',
      '5',
      '--max-requests-per-second',
      '5',
    ]
    const { base, wallClockPort } = await television(...rates)
    const client = await WsClient.open(`${base}/ts`)
    for (let count = 0; count < 500; count++) client.send('{')
    // Closed for too many bad messages, of which those beyond the rate are some.
    expect((await client.closed).code).toBe(1008)
    const statuses = []
    for (let count = 0; count < 40; count++) {
      const next = new WsClient(`${base}/cii`)
      statuses.push(await Promise.race([next.next().then(() => 101), next.refused().then(({ status }) => status)]))
      next.socket.terminate()
    }
    expect(statuses).toContain(429)
    const companion = await UdpClient.open({ address: '127.0.0.1', port: wallClockPort })
    for (let count = 0; count < 300; count++) companion.send(new Uint8Array(32))
    await companion.next()
    const health = await (await fetch(`${base.replace('ws:', 'http:')}/health`)).json()
    expect((health as { wallClock: { answers: number } }).wallClock.answers).toBeLessThan(200)
    companion.close()
  })

  it('serve only whom --allow and --deny leave', async () => {
    const denied = await television('--allow', '127.0.0.0/8', '--allow', '192.0.2.1', '--deny', '127.0.0.1')
    for (const path of ENDPOINTS) expect((await refusal(denied.base + path)).status).toBe(403)
    expect((await fetch(`${denied.base.replace('ws:', 'http:')}/health`)).status).toBe(403)
    const allowed = await television('--allow', '192.0.2.1', '--allow', '127.0.0.0/8')
    const client = await WsClient.open(`${allowed.base}/cii`)
    expect(await client.nextJson()).toMatchObject({ protocolVersion: '1.1' })
  })

  it.each([
    [['--max-connections', '0'], /Expected a positive integer or "none"/],
    [['--max-messages-per-second', '1.5'], /Expected a positive integer or "none"/],
    [['--allow', '192.168.0.0/33'], /Expected an IP address or network/],
    [['--deny', 'localhost'], /Expected an IP address or network/],
    [['--allow', '10.0.0.1', '--deny', '10.0.0.0/8'], /"deny" must leave something of "allow"/],
  ])('refuse %j', async (args, message) => {
    const tv = dvbcss('tv', ...args)
    expect(await tv.exited).toBe(2)
    expect(tv.output).toMatch(message)
  })
})
