import { createSocket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import Fastify from 'fastify'
import { beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

interface Bundle {
  WallClockClient: typeof import('../../../src/api/client.js').WallClockClient
}

describe('fastify-dvbcss/client bundled with the condition react-native', () => {
  let code = ''
  let modules: string[] = []

  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      absWorkingDir: ROOT,
      stdin: { contents: "export * from 'fastify-dvbcss/client'", resolveDir: ROOT },
      bundle: true,
      write: false,
      metafile: true,
      format: 'iife',
      globalName: 'client',
      // No modules of any platform are found.
      platform: 'neutral',
      conditions: ['react-native'],
      logLevel: 'silent',
    })
    code = outputFiles[0]?.text ?? ''
    modules = Object.keys(metafile.inputs)
  })

  /** With what React Native provides: a WebSocket and timers, but neither modules of Node nor events of the browser. */
  function run(): Bundle {
    const timers = { setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask }
    const given = { WebSocket, ...timers, performance, URL, TextDecoder, Uint8Array, ArrayBuffer }
    return runInNewContext(`${code}; client`, given) as Bundle
  }

  it('holds the built client, and nothing of Node', () => {
    expect(modules).toContain('dist/src/api/client.js')
    expect(modules.filter((path) => /node_modules|companion\/node|src\/udp|dist\/(chunks|plugins)/.test(path))).toEqual(
      [],
    )
    expect(code).not.toMatch(/['"]node:|\brequire\(/)
  })

  it('follows a wall clock over a transport that the app gives', async () => {
    const app = Fastify()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const port = app.wallClockServer.addresses[0]?.port ?? 0
    // Of the app: in React Native on a module with UDP sockets.
    const socket = createSocket('udp4')
    const { WallClockClient } = run()
    const client = new WallClockClient({
      transport: {
        url: `udp://127.0.0.1:${port}`,
        isJson: false,
        start: (handlers, now) => {
          socket.on('message', (data) => handlers.message(data, now()))
          socket.bind(0, '127.0.0.1', () => handlers.opened())
        },
        send: (message) => socket.send(message, port, '127.0.0.1'),
        stop: () => socket.close(),
      },
    })
    const available = new Promise((resolve) => client.on('available', resolve))
    client.start()
    await available
    client.stop()
    await app.close()
  })

  it('follows a wall clock over a WebSocket', async () => {
    const app = Fastify()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    const { WallClockClient } = run()
    const client = new WallClockClient({ transport: `${address.replace('http', 'ws')}/wc` })
    const available = new Promise((resolve) => client.on('available', resolve))
    client.start()
    await available
    client.stop()
    await app.close()
  })
})
