import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type ConnectionSocket, TimelineSource, TsServer } from '../../../plugins/index.js'

const logger = pino({ level: 'silent' })

/** Writes down what it is told. */
class Recorder extends TimelineSource {
  readonly told: string[] = []
  recognises() {
    return true
  }
  controlTimestamp() {
    return undefined
  }
  override selectorNeeded(selector: string) {
    this.told.push(`needed ${selector}`)
  }
  override selectorNotNeeded(selector: string) {
    this.told.push(`not needed ${selector}`)
  }
}

/** @returns a function that ends this client. */
function follow(ts: TsServer, timelineSelector: string): () => void {
  const socket: ConnectionSocket = {
    remoteAddress: '192.0.2.1',
    localAuthority: { secure: false, host: '192.0.2.2', port: 80 },
    handshake: { url: '/', headers: {} },
    bufferedAmount: 0,
    send: () => {},
    whenFlushed: () => {},
    setPaused: () => {},
    close: () => {},
  }
  const events = ts.open(socket)
  events.message(JSON.stringify({ contentIdStem: '', timelineSelector }))
  return () => events.closed(1000, '')
}

function twoServers() {
  const source = new Recorder()
  const servers = [new TsServer({ logger }), new TsServer({ logger })] as const
  for (const ts of servers) ts.attachTimelineSource(source)
  return { source, servers }
}

describe('a source on two servers', () => {
  it('is told that a timeline is needed once, and that it is not when the last client of both has gone', () => {
    const { source, servers } = twoServers()
    const leave = servers.map((ts) => follow(ts, 'x'))
    expect(source.told).toEqual(['needed x'])
    leave[0]?.()
    expect(source.told).toEqual(['needed x'])
    leave[1]?.()
    expect(source.told).toEqual(['needed x', 'not needed x'])
    follow(servers[0], 'x')
    expect(source.told).toEqual(['needed x', 'not needed x', 'needed x'])
  })

  it('is still needed when one of them has removed it', () => {
    const { source, servers } = twoServers()
    for (const ts of servers) follow(ts, 'x')
    servers[0].removeTimelineSource(source)
    expect(source.told).toEqual(['needed x'])
    servers[1].removeTimelineSource(source)
    expect(source.told).toEqual(['needed x', 'not needed x'])
  })
})
