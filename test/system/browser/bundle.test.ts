import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The size that docs/companion.md states, and some more. A dependency would not fit. */
const MAX_GZIP_BYTES = 48 * 1024

describe('fastify-dvbcss/client in a browser', () => {
  let code = ''
  let modules: string[] = []
  let outside: string[] = []

  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['src/api/client.ts'],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'iife',
      globalName: 'client',
      // A module of Node's is not found on this platform, and that fails the build.
      platform: 'browser',
      target: 'es2022',
      logLevel: 'silent',
    })
    code = outputFiles[0]?.text ?? ''
    modules = Object.keys(metafile.inputs)
    outside = Object.values(metafile.inputs)
      .flatMap(({ imports }) => imports)
      .filter(({ external }) => external === true)
      .map(({ path }) => path)
  })

  it('is made of the client, the messages and the clocks alone', () => {
    expect(modules).toContain('src/companion/companion.ts')
    expect(
      modules.filter((path) => !/^src\/(api\/client\.ts$|(companion|messages|clocks|events|validation)\/)/.test(path)),
    ).toEqual([])
    expect(outside).toEqual([])
  })

  it('would not be built with a module of Node', async () => {
    const attempt = build({
      absWorkingDir: ROOT,
      stdin: { contents: "import '../companion/node/index.js'", resolveDir: `${ROOT}src/api` },
      bundle: true,
      write: false,
      platform: 'browser',
      logLevel: 'silent',
    })
    await expect(attempt).rejects.toThrow(/node:dgram/)
  })

  it('is small', () => {
    expect(gzipSync(code).length).toBeLessThan(MAX_GZIP_BYTES)
  })

  it('connects with what a browser has, and nothing of Node', () => {
    const opened: string[] = []
    class WebSocket {
      static OPEN = 1
      constructor(url: string) {
        opened.push(url)
      }
      close() {}
    }
    const timers = { setTimeout: () => 0, clearTimeout: () => {}, setInterval: () => 0, clearInterval: () => {} }
    const performance = { now: () => 1 }
    const browser = { WebSocket, ...timers, performance, URL, queueMicrotask, crypto: globalThis.crypto }
    const reason = runInNewContext(
      `${code}
      const companion = new client.Companion('ws://tv.example/cii')
      companion.start()
      const { reason } = companion.unavailable
      companion.stop()
      reason`,
      browser,
    )
    expect(opened).toEqual(['ws://tv.example/cii'])
    expect(reason).toBe('cii')
  })

  it('is what the package gives to bundlers for browsers', async () => {
    const { exports } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
    expect(exports['./client']).toMatchObject({
      browser: './dist/src/api/client.js',
      'react-native': './dist/src/api/client.js',
      default: './dist/src/api/client-node.js',
    })
  })
})
