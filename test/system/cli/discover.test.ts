import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { app2appPlugin, ciiPlugin, discoveryPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { App2AppApplication } from '../../helpers/app2app-application.js'
import { dvbcss, endToolsAfterEach } from './tools.js'

endToolsAfterEach()

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** A port of SSDP for one test. */
async function ssdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

async function television(friendlyName: string, port: number, { withCii = true } = {}): Promise<string> {
  const app = Fastify()
  apps.push(app)
  if (withCii) await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(discoveryPlugin, { friendlyName, port })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  if (withCii) app.cii.update({ contentId: `dvb://1.2.3/${friendlyName.length}`, contentIdStatus: 'final' })
  return `${url.replace('http', 'ws')}/cii`
}

const onLoopback = (port: number) => ['--interface', '127.0.0.1', '--ssdp-port', String(port)]

describe('dvbcss discover', () => {
  it('lists each television with its URL and its name', async () => {
    const port = await ssdpPort()
    const living = await television('Living room', port)
    await television('Radio', port, { withCii: false })
    const tool = dvbcss('discover', ...onLoopback(port), '--seconds', '3')
    expect(await tool.exited).toBe(0)
    const lines = tool.output.split('\n').filter((line) => line !== '')
    expect(lines[0]).toMatch(/^ +CSS-CII +NAME$/)
    expect(lines.slice(1).sort()).toEqual([
      'found    (neither CSS-CII nor App2App)       Radio (fastify-dvbcss DVB-CSS television)',
      `found    ${living.padEnd(34)}  Living room (fastify-dvbcss DVB-CSS television)`,
    ])
  })

  it('prints objects with --json, and a summary at the end', async () => {
    const port = await ssdpPort()
    const ciiUrl = await television('Living room', port)
    const tool = dvbcss('discover', ...onLoopback(port), '--seconds', '2', '--json')
    expect(await tool.exited).toBe(0)
    expect(
      tool.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      expect.objectContaining({ event: 'television', state: 'found', name: 'Living room', ciiUrl }),
      { event: 'summary', televisions: 1, rejected: {} },
    ])
  })

  it('exits with 4 if it finds none', async () => {
    const tool = dvbcss('discover', ...onLoopback(await ssdpPort()), '--seconds', '0.5')
    expect(await tool.exited).toBe(4)
    expect(tool.output).toBe('dvbcss discover: no television found\n')
  })

  it('names the interfaces of the machine if it does not have the one that was asked for', async () => {
    const tool = dvbcss('discover', '--interface', 'eth77')
    expect(await tool.exited).toBe(2)
    expect(tool.output).toMatch(/^dvbcss discover: no interface "eth77"; this machine has: .*\blo/)
  })

  it('ends at a signal', async () => {
    const port = await ssdpPort()
    await television('Living room', port)
    const tool = dvbcss('discover', ...onLoopback(port), '--seconds', '60', '--json')
    await tool.printed(/"event":"television".*\n/)
    expect(await tool.end('SIGINT')).toBe(130)
    expect(tool.output).toMatch(/"event":"summary","televisions":1,"rejected":\{\}\}\n$/)
  })
})

describe('--discover', () => {
  it('lets dvbcss cii find a television by a part of its name', async () => {
    const port = await ssdpPort()
    const ciiUrl = await television('Living room', port)
    await television('Kitchen', port)
    const tool = dvbcss('cii', '--discover', 'living', ...onLoopback(port), '--count', '1')
    expect(await tool.exited).toBe(0)
    expect(tool.output).toContain('dvb://1.2.3/11')
    expect(tool.output).toContain(`dvbcss cii: found "Living room" at ${ciiUrl}\n`)
  })

  it('lets dvbcss follow find the only television without a name', async () => {
    const port = await ssdpPort()
    const app = Fastify()
    apps.push(app)
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(discoveryPlugin, { port })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const tool = dvbcss('follow', '--discover', ...onLoopback(port), '--json')
    await tool.printed(/"event":"connected","source":"cii"/)
    await tool.end('SIGTERM')
  })

  it('lets dvbcss follow find a television that has App2App alone', async () => {
    const port = await ssdpPort()
    const app = Fastify()
    apps.push(app)
    await app.register(app2appPlugin, { prefix: '/app2app' })
    await app.register(discoveryPlugin, { port, friendlyName: 'Kitchen' })
    const base = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
    const application = new App2AppApplication(`${base}/app2app/local/`)
    const tool = dvbcss('follow', '--discover', ...onLoopback(port))
    const channel = `${base}/app2app/remote/hbbtv-sync-cii`
    await tool.printed(new RegExp(`^dvbcss follow: following over App2App, ${channel}$`, 'm'))
    await tool.printed(/×1 .*https:\/\/example\.com\/a\.mpd/)
    await tool.end('SIGTERM')
    application.stop()
  })

  it('asks for a name if there are several televisions', async () => {
    const port = await ssdpPort()
    await television('Living room', port)
    await television('Kitchen', port)
    const tool = dvbcss('cii', '--discover', ...onLoopback(port))
    expect(await tool.exited).toBe(2)
    expect(tool.output).toMatch(/^dvbcss cii: found 2 televisions: "\w.*\/cii\), ".*; choose one with --discover NAME/)
  })

  it('names what it found if there is no such television', async () => {
    const port = await ssdpPort()
    await television('Kitchen', port)
    const tool = dvbcss('cii', '--discover', 'Bedroom', ...onLoopback(port))
    expect(await tool.exited).toBe(4)
    expect(tool.output).toMatch(/^dvbcss cii: no television named "Bedroom" found; found: "Kitchen" \(/)
  })

  it.each([
    [['cii'], 'expected the address of a television, or --discover'],
    [['follow', 'ws://127.0.0.1/cii', '--discover', 'x'], 'expected either an address or --discover, not both'],
    [['cii', '--discover', 'ws://127.0.0.1/cii'], 'Expected the name of a television'],
  ])('is a usage error with %j', async (args, text) => {
    const tool = dvbcss(...args)
    expect(await tool.exited).toBe(2)
    expect(tool.output).toContain(text)
  })
})

describe('dvbcss follow --app2app', () => {
  it('follows over App2App where CSS-CII cannot be reached, and says so', async () => {
    const app = Fastify()
    apps.push(app)
    await app.register(app2appPlugin, { prefix: '/app2app' })
    const base = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
    const application = new App2AppApplication(`${base}/app2app/local/`, { prefix: 'x' })
    const app2app = ['--app2app', `${base}/app2app/remote/`, '--channel-prefix', 'x']
    const tool = dvbcss('follow', `${base}/cii`, ...app2app, '--json')
    const [line = ''] = await tool.printed(/^.*"event":"route".*$/m)
    expect(JSON.parse(line)).toMatchObject({
      route: 'app2app',
      url: `${base}/app2app/remote/x-cii`,
      reason: expect.stringContaining('404'),
    })
    await tool.printed(/"event":"position"/)
    await tool.end('SIGTERM')
    application.stop()
  })

  it('is a usage error without a WebSocket URL, and beside --discover', async () => {
    const wrong = dvbcss('follow', '--app2app', 'http://127.0.0.1/')
    expect(await wrong.exited).toBe(2)
    expect(wrong.output).toContain('Expected ws://… or wss://….')
    const both = dvbcss('follow', '--app2app', 'ws://127.0.0.1/', '--discover')
    expect(await both.exited).toBe(2)
  })
})
