import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nginxPath } from '../../helpers/nginx-path.js'

/** Another program may take the port between its choice and nginx's start. */
const START_TRIES = 5

/** An nginx of the test's own: no file of it is outside its folder, and it listens on loopback alone. */
export class Nginx {
  readonly port: number
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port
    this.#process = process
    this.#folder = folder
  }

  /** @param serversAt what stands in its `http` block, for the port on which it is to listen. */
  static async start(serversAt: (port: number) => string): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'fastify-dvbcss-nginx-'))
    for (let tries = 1; ; tries += 1) {
      const port = await freePort()
      const file = join(folder, 'nginx.conf')
      await writeFile(file, configuration(folder, serversAt(port)))
      const child = spawn(nginxPath(), ['-p', folder, '-e', 'stderr', '-c', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let log = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        log += chunk.toString()
      })
      if (await listens(port, child)) return new Nginx(port, child, folder)
      if (tries === START_TRIES || !log.includes('Address already in use')) {
        await rm(folder, { recursive: true, force: true })
        throw new Error(`nginx did not start: ${log}`)
      }
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit')
    // A quick shutdown; the worker goes with its master.
    if (this.#process.kill('SIGTERM')) await exited
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, servers: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return [
    'daemon off;',
    'worker_processes 1;',
    // Its worker must be able to read the folder; only root may name the user.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    `pid ${join(folder, 'nginx.pid')};`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    'access_log off;',
    ...kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`),
    servers,
    '}',
    '',
  ].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** @returns false when the program has ended instead. */
async function listens(port: number, child: ChildProcess): Promise<boolean> {
  const exited = once(child, 'exit').then(() => true)
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (child.exitCode !== null) return false
    if (isOpen) return true
    if (await Promise.race([exited, new Promise<false>((resolve) => setTimeout(() => resolve(false), 20))]))
      return false
  }
}
