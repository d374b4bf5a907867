import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { discoverTelevisions } from '../../../src/api/client-node.js'
import { WsClient } from '../../helpers/ws-client.js'
import { dvbcss, endToolsAfterEach } from './tools.js'

endToolsAfterEach()

const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
})

async function bound(options: { reuseAddr?: boolean; address?: string } = {}): Promise<Socket> {
  const { reuseAddr = false, address = '127.0.0.1' } = options
  const socket = createSocket({ type: 'udp4', reuseAddr }).bind(0, address)
  await once(socket, 'listening')
  return socket
}

/** A port of SSDP for one test. */
async function ssdpPort(): Promise<number> {
  const socket = await bound()
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

async function television(port: number, ...args: string[]) {
  const ports = ['--port', '0', '--wc-port', '0', '--ssdp-port', String(port)]
  const tv = dvbcss('tv', '--host', '127.0.0.1', ...ports, ...args)
  await tv.printed(/Type a command/)
  const [, base = ''] = await tv.printed(/CSS-CII {2}ws:\/\/(\S+)\/cii/)
  return { tv, base }
}

async function find(port: number, timeoutSeconds = 20) {
  for await (const found of discoverTelevisions({ port, interfaces: ['127.0.0.1'], timeoutSeconds })) return found
  return undefined
}

describe('dvbcss tv', () => {
  it('is found by companions, with its URLs of CSS-CII and App2App', async () => {
    const port = await ssdpPort()
    const { tv, base } = await television(port, '--friendly-name', 'Living room')
    expect(tv.output).toMatch(/^Companions find it as "Living room" by SSDP on lo\d* 127\.0\.0\.1/m)
    const found = await find(port)
    expect(found).toMatchObject({
      name: 'Living room',
      ciiUrl: `ws://${base}/cii`,
      app2appUrl: `ws://${base}/app2app/remote/`,
    })
    const companion = await WsClient.open(`${found?.app2appUrl}x`)
    await WsClient.open(`ws://${base}/app2app/local/x`)
    expect(await companion.next()).toBe('pairingcompleted')
    await tv.type('status', /App2App {4}1 pairs, 0 applications and 0 companions waiting/)
  })

  it('is not found with --no-discovery', async () => {
    const port = await ssdpPort()
    const { tv, base } = await television(port, '--no-discovery')
    expect(tv.output).not.toContain('SSDP')
    expect((await fetch(`http://${base}/dd.xml`)).status).toBe(404)
    expect(await find(port, 1.5)).toBeUndefined()
  })

  it('shares the port of SSDP with programs that share it too', async () => {
    const other = await bound({ reuseAddr: true, address: '0.0.0.0' })
    sockets.push(other)
    const { port } = other.address()
    await television(port)
    expect(await find(port)).toMatchObject({ state: 'found' })
  })

  it('goes on where another program holds the port alone, and says so', async () => {
    const other = await bound({ address: '0.0.0.0' })
    sockets.push(other)
    const { port } = other.address()
    // A port of IPv4 alone is taken.
    const { tv, base } = await television(port, '--friendly-name', 'Kitchen')
    expect(tv.output).toMatch(/EADDRINUSE/)
    const client = await WsClient.open(`ws://${base}/cii`)
    expect(await client.nextJson()).toMatchObject({ protocolVersion: '1.1' })
  })

  it('shows its descriptions to none but those whom --allow names', async () => {
    const { base } = await television(await ssdpPort(), '--allow', '192.0.2.1')
    expect((await fetch(`http://${base}/dd.xml`)).status).toBe(403)
    expect((await fetch(`http://${base}/apps/HbbTV`)).status).toBe(403)
  })

  it('refuses an empty name', async () => {
    const tv = dvbcss('tv', '--friendly-name', ' ')
    expect(await tv.exited).toBe(2)
    expect(tv.output).toContain('Expected a name.')
  })
})
