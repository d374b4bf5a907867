// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { interleave } from '../comparison.js'

const ROUNDS = 15
const TIMEOUT_MILLIS = 30_000
const RETRY_MILLIS = 2
const IMPORT_GOAL = { ratio: 1.3 }

const { bin } = createRequire(import.meta.url)('fastify-dvbcss/package.json')
const root = fileURLToPath(new URL('../../', import.meta.url))

/** What importing modules takes a new process, in milliseconds. @param {string[]} modules */
async function importing(...modules) {
  const imports = modules.map((name) => `await import('${name}')`).join('; ')
  const program = `const start = performance.now(), before = process.cpuUsage(); ${imports}
    const time = performance.now() - start, { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ time, cpu: (user + system) / 1000 }))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MILLIS,
  })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  /** @type {{ time: number, cpu: number }} */
  const spent = JSON.parse(text)
  return spent
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

/** @param {number} port @returns {Promise<boolean>} whether a WebSocket handshake on /cii was answered */
async function isAnswered(port) {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    socket.write(
      `GET /cii HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    const [head] = await once(socket, 'data')
    return String(head).startsWith('HTTP/1.1 101')
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

/** Milliseconds from the start of a program to its first answer. @param {(port: number) => string[]} argsFor */
async function firstAnswer(argsFor) {
  const port = await freePort()
  const start = performance.now()
  const child = spawn(process.execPath, argsFor(port), { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    while (!(await isAnswered(port))) {
      if (child.exitCode !== null) throw new Error(`${argsFor(port).join(' ')} exited with code ${child.exitCode}`)
      if (performance.now() - start > TIMEOUT_MILLIS) throw new Error(`${argsFor(port).join(' ')} does not answer`)
      await sleep(RETRY_MILLIS)
    }
    return performance.now() - start
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** @type {import('../run.js').Bench} */
export const start = {
  name: 'start',
  title: 'import of the package, and `dvbcss tv` until it answers',
  async run({ quick }) {
    const rounds = quick ? 1 : ROUNDS
    const imports = await interleave(
      rounds,
      {
        floor: () => importing('fastify', '@fastify/websocket'),
        ours: () => importing('fastify-dvbcss'),
        both: () => importing('fastify', '@fastify/websocket', 'fastify-dvbcss'),
      },
      { warmUp: quick ? 0 : 1 },
    )
    const answers = await interleave(
      rounds,
      {
        floor: () => firstAnswer((port) => ['bench/servers/app-with-websocket.js', String(port)]),
        ours: () =>
          firstAnswer((port) => [
            bin.dvbcss,
            ...['tv', '--host', '127.0.0.1', '--port', String(port), '--wc-port', '0', '--log-level', 'silent'],
          ]),
      },
      { warmUp: quick ? 0 : 1 },
    )
    const times = (/** @type {keyof typeof imports} */ name) => imports[name].map(({ time }) => time)
    const cpu = (/** @type {keyof typeof imports} */ name) => imports[name].map((sample) => sample.cpu)
    const names = { unit: 'ms', floorName: 'fastify, @fastify/websocket' }
    return [
      {
        what: 'import of the package',
        ...names,
        oursName: 'fastify-dvbcss',
        floor: times('floor'),
        ours: times('ours'),
        goal: IMPORT_GOAL,
      },
      { what: 'import, CPU', ...names, oursName: 'fastify-dvbcss', floor: cpu('floor'), ours: cpu('ours') },
      { what: 'import of all three', ...names, oursName: 'all', floor: times('floor'), ours: times('both') },
      {
        what: 'from spawn to the first answer',
        unit: 'ms',
        floorName: 'an app with @fastify/websocket',
        oursName: 'dvbcss tv',
        ...answers,
      },
    ]
  },
}
