import { afterEach, describe, expect, it } from 'vitest'
import type { Logger } from '../../../../src/server/endpoint/logger.js'
import { DROP_REASONS, type RequestHandler } from '../../../../src/server/wall-clock/request-handler.js'
import { UdpRequestServer, type UdpRequestServerOptions } from '../../../../src/server/wall-clock/udp-request-server.js'
import { UdpClient } from '../../../helpers/udp-client.js'
import { serverSocket } from './server-socket.js'

const HOST = '127.0.0.1'
/** The request that every handler here echoes: its answer shows that all that was sent before has been dealt with. */
const GOOD = Uint8Array.of(0)
const BAD = Uint8Array.of(1)

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

interface LogLine {
  level: string
  fields: object
  message: string | undefined
}

function recordingLogger(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: object | string, message?: string) => {
    if (typeof fields === 'object') lines.push({ level, fields, message })
  }
  const logger: Logger = {
    level: 'trace',
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return logger
}

/** A server that echoes GOOD, and does `onBad` with anything else. */
async function start(
  onBad: RequestHandler['handle'],
  { followUp, ...options }: UdpRequestServerOptions & Pick<RequestHandler, 'followUp'> = {},
) {
  const lines: LogLine[] = []
  const handler: RequestHandler = {
    handle: (message, remote) => (message.length === 1 && message[0] === GOOD[0] ? message : onBad(message, remote)),
  }
  if (followUp !== undefined) handler.followUp = followUp
  const server = new UdpRequestServer(handler, { host: HOST, logger: recordingLogger(lines), ...options })
  open.push({ close: () => server.stop() })
  const socket = await serverSocket(() => server.start())
  const client = await UdpClient.open({ address: HOST, port: server.address?.port ?? 0 })
  open.push(client)
  return { server, socket, client, lines }
}

function expectNothingLost({ statistics }: UdpRequestServer): void {
  const dropped = Object.values(statistics.dropped).reduce((sum, count) => sum + count, 0)
  expect(statistics.answers + dropped).toBe(statistics.requests)
}

describe('what a UDP request server drops', () => {
  it('has a counter for every reason from the start', () => {
    const { dropped } = new UdpRequestServer({ handle: (message) => message }).statistics
    expect(dropped).toEqual(Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])))
  })

  it('counts the reason that the handler gives, and sends nothing', async () => {
    const { server, client, lines } = await start((message) =>
      message[0] === 1 ? 'wrong-version' : 'a reason of its own',
    )
    await client.send(Uint8Array.of(1))
    await client.send(Uint8Array.of(2))
    await client.send(Uint8Array.of(1))
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(client.queued).toBe(0)
    expect(server.statistics.dropped).toMatchObject({ 'wrong-version': 2, 'a reason of its own': 1 })
    expect(lines).toEqual([])
    expectNothingLost(server)
  })

  it('keeps what is too large from the handler', async () => {
    const seen: number[] = []
    const { server, client } = await start(
      (message) => {
        seen.push(message.length)
        return message
      },
      { maxMessageBytes: 32 },
    )
    await client.send(new Uint8Array(33))
    await client.send(new Uint8Array(5000))
    expect(await client.request(new Uint8Array(32))).toHaveLength(32)
    expect(seen).toEqual([32])
    expect(server.statistics.dropped['too-large']).toBe(2)
    expectNothingLost(server)
  })

  it('does not answer to port 0, to which nothing can be sent', async () => {
    const { server, socket, client } = await start(() => BAD)
    socket.emit('message', Buffer.from(GOOD), { address: HOST, port: 0, family: 'IPv4', size: 1 })
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics.dropped['source-port-zero']).toBe(1)
    expectNothingLost(server)
  })

  it('survives a handler that throws', async () => {
    const { server, client, lines } = await start(() => {
      throw new Error('no idea')
    })
    await client.send(BAD)
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics.dropped['handler-error']).toBe(1)
    expect(lines).toMatchObject([{ level: 'error', fields: { err: { message: 'no idea' }, count: 1 } }])
    expectNothingLost(server)
  })

  it.each([undefined, null, 7, [1, 2], Promise.resolve(BAD)])('survives a handler that returns %s', async (value) => {
    const { server, client } = await start(() => value as unknown as Uint8Array)
    await client.send(BAD)
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics.dropped['handler-error']).toBe(1)
    expectNothingLost(server)
  })

  it('counts an answer that the system will not send', async () => {
    const { server, client, lines } = await start(() => new Uint8Array(70_000))
    await client.send(BAD)
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics).toMatchObject({ requests: 2, answers: 1, sendErrors: 1, dropped: { 'send-error': 1 } })
    expect(lines).toMatchObject([{ level: 'warn', fields: { err: { code: 'EMSGSIZE' } } }])
    expectNothingLost(server)
  })

  it('counts an answer that came after the socket was closed', async () => {
    const { server, socket, client } = await start((message) => {
      socket.close()
      return message
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await client.send(BAD)
    await closed
    expect(server.statistics).toMatchObject({ answers: 0, sendErrors: 1, dropped: { 'send-error': 1 } })
    expectNothingLost(server)
  })

  it('logs every fault of a kind ever more seldom, so that no sender can fill a disk', async () => {
    const { server, client, lines } = await start(() => {
      throw new Error('again')
    })
    for (let i = 0; i < 20; i++) await client.send(BAD)
    await client.request(GOOD)
    expect(server.statistics.dropped['handler-error']).toBe(20)
    expect(lines.map(({ fields }) => 'count' in fields && fields.count)).toEqual([1, 2, 4, 8, 16])
  })
})

describe('follow-ups that go wrong', () => {
  it('leave the answer as it is when the handler throws', async () => {
    const { server, client, lines } = await start((message) => message, {
      followUp: () => {
        throw new Error('too late')
      },
    })
    expect(Array.from(await client.request(BAD))).toEqual([1])
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics).toMatchObject({ answers: 2, followUps: 0 })
    expect(lines[0]).toMatchObject({ level: 'error', fields: { err: { message: 'too late' } } })
    expectNothingLost(server)
  })

  it('are counted when the system will not send them', async () => {
    const { server, client } = await start((message) => message, { followUp: () => new Uint8Array(70_000) })
    await client.request(BAD)
    await client.request(GOOD)
    expect(server.statistics.sendErrors).toBeGreaterThanOrEqual(1)
    expect(server.statistics).toMatchObject({ answers: 2, dropped: { 'send-error': 0 } })
  })

  it('are not sent when there is none', async () => {
    const { server, client } = await start((message) => message, { followUp: () => undefined })
    await client.request(BAD)
    await client.request(GOOD)
    expect(client.queued).toBe(0)
    expect(server.statistics).toMatchObject({ answers: 2, followUps: 0 })
  })
})

describe('an error of the socket', () => {
  it('is counted and logged, and the server goes on', async () => {
    const { server, socket, client, lines } = await start(() => BAD)
    socket.emit('error', new Error('recvmsg failed'))
    expect(Array.from(await client.request(GOOD))).toEqual([0])
    expect(server.statistics.socketErrors).toBe(1)
    expect(lines).toMatchObject([{ level: 'error', fields: { err: { message: 'recvmsg failed' } } }])
  })
})
