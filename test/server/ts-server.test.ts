import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  type Connection,
  type ConnectionEvents,
  type ConnectionSocket,
  type ControlTimestamp,
  CorrelatedClock,
  FixedTimelineSource,
  SystemClock,
  TimelineSource,
  type TsConnectionData,
  TsServer,
  type TsServerOptions,
} from '../../plugins/index.js'
import { LogLines } from '../helpers/log-lines.js'
import { manualClock } from '../helpers/manual-clock.js'
import { until } from '../helpers/until.js'

/** A socket on which messages arrive when the test says so. */
class Socket implements ConnectionSocket {
  readonly remoteAddress = '192.0.2.1'
  readonly reachedAt = { secure: false, host: '192.0.2.2', port: 80 }
  readonly handshake = { url: '/ts', headers: {} }
  readonly bufferedAmount = 0
  readonly sent: string[] = []
  readonly closes: number[] = []
  #handedOver: (() => void)[] = []

  send(data: string | Uint8Array, _isText: boolean, handedOver: (() => void) | undefined) {
    this.sent.push(Buffer.from(data as Uint8Array).toString())
    if (handedOver !== undefined) this.#handedOver.push(handedOver)
  }

  close(code: number) {
    this.closes.push(code)
  }

  arrive() {
    for (const handedOver of this.#handedOver.splice(0)) handedOver()
  }

  /** The content times that were sent. */
  get times(): unknown[] {
    return this.sent.map((message) => JSON.parse(message).contentTime)
  }
}

const silent = pino({ level: 'silent' })

const at = (contentTime: bigint): ControlTimestamp => ({ contentTime, wallClockTime: 2n, timelineSpeedMultiplier: 1 })

function server(Server: new (options: TsServerOptions) => TsServer = TsServer, options = {}): TsServer {
  return new Server({ contentId: 'dvb://1', logger: silent, ...options })
}

/** A client that has asked for a timeline. */
function follower(ts: TsServer, timelineSelector: string): Socket & { events: ConnectionEvents } {
  const socket = new Socket()
  const events = ts.opened(socket)
  events.message(JSON.stringify({ contentIdStem: '', timelineSelector }))
  return Object.assign(socket, { events })
}

/** Answers for one timeline with whatever it was given. */
class Careless extends TimelineSource {
  readonly selector: string
  readonly told: string[] = []
  answer: unknown
  constructor(selector: string, answer?: unknown) {
    super()
    this.selector = selector
    this.answer = answer
  }
  recognises(selector: string) {
    return selector === this.selector
  }
  controlTimestamp() {
    return this.answer as ControlTimestamp
  }
  override selectorNeeded() {
    this.told.push('needed')
  }
  override selectorNotNeeded() {
    this.told.push('not needed')
  }
  announce(answer: unknown) {
    this.answer = answer
    this.changed()
  }
}

describe('a source whose timestamps cannot be sent', () => {
  const bad: [string, unknown][] = [
    ['numbers in place of bigints', { contentTime: 7, wallClockTime: 2, timelineSpeedMultiplier: 1 }],
    ['null', null],
    ['a string', 'soon'],
  ]

  function withBadSource() {
    const stream = new LogLines()
    const ts = server(TsServer, { logger: pino({ level: 'error' }, stream) })
    const source = new Careless('x', at(1n))
    const good = new Careless('y', at(1n))
    ts.attachTimelineSource(source)
    ts.attachTimelineSource(good)
    return { ts, source, good, stream }
  }

  it.each(bad)('is logged by its class and passed over: %s', (_name, answer) => {
    const { ts, source, stream } = withBadSource()
    source.answer = answer
    const client = follower(ts, 'x')
    expect(client.times).toEqual([null])
    expect(client.closes).toEqual([])
    expect(stream.lines).toEqual([expect.objectContaining({ msg: 'a timeline source failed', source: 'Careless' })])
    expect(ts.statistics.hookErrors).toBe(1)
  })

  it.each(bad)('leaves the timeline to the next source that has it: %s', (_name, answer) => {
    const { ts, source } = withBadSource()
    source.answer = answer
    ts.attachTimelineSource(new FixedTimelineSource('x', at(5n)))
    expect(follower(ts, 'x').times).toEqual(['5'])
  })

  it.each(bad)('does not stop a change: %s', (_name, answer) => {
    const { ts, source, good } = withBadSource()
    const [client, other] = [follower(ts, 'x'), follower(ts, 'y')]
    for (const socket of [client, other]) socket.arrive()
    good.answer = at(9n)
    expect(() => source.announce(answer)).not.toThrow()
    expect(client.times).toEqual(['1', null])
    expect(other.times).toEqual(['1', '9'])
    client.arrive()
    source.announce(at(8n))
    expect(client.times).toEqual(['1', null, '8'])
  })

  it.each(bad)('does not stop what follows a message in flight: %s', (_name, answer) => {
    const { ts, source, stream } = withBadSource()
    const client = follower(ts, 'x')
    source.announce(answer)
    expect(client.times).toEqual(['1'])
    expect(() => client.arrive()).not.toThrow()
    expect(client.times).toEqual(['1', null])
    expect(client.closes).toEqual([])
    expect(stream.lines).toEqual([expect.objectContaining({ msg: 'a timeline source failed', source: 'Careless' })])
  })
})

describe('a wait in onSetup', () => {
  /** A server whose onSetup waits until the test ends it. */
  function waitingServer(wait: Promise<void>) {
    class Waiting extends TsServer {
      override onSetup() {
        return wait
      }
    }
    const ts = server(Waiting)
    const source = new Careless('x', at(1n))
    ts.attachTimelineSource(source)
    return { ts, source }
  }

  it('holds every timestamp back, also when the source changes meanwhile', async () => {
    let resolve = () => {}
    const wait = new Promise<void>((settle) => {
      resolve = settle
    })
    const { ts, source } = waitingServer(wait)
    const client = follower(ts, 'x')
    source.announce(at(2n))
    ts.contentId = 'dvb://2'
    expect(client.sent).toEqual([])
    resolve()
    await until(() => client.sent.length > 0)
    expect(client.times).toEqual(['2'])
  })

  it('that ends in a refusal closes with 1011, and no timestamp was sent', async () => {
    let reject = (_error: Error) => {}
    const wait = new Promise<void>((_resolve, settle) => {
      reject = settle
    })
    const { ts, source } = waitingServer(wait)
    const client = follower(ts, 'x')
    source.announce(at(2n))
    reject(new Error('on purpose'))
    await until(() => client.closes.length > 0)
    source.announce(at(3n))
    expect(client.closes).toEqual([1011])
    expect(client.sent).toEqual([])
    expect(ts.statistics.hookErrors).toBe(1)
  })

  it.each(['resolves', 'rejects'])('may be a thenable of whatever make, and that %s', async (how) => {
    const settled: { resolve: () => void; reject: (error: Error) => void }[] = []
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: some libraries have promises of their own.
      then(resolve: () => void, reject: (error: Error) => void) {
        settled.push({ resolve, reject })
      },
    }
    const { ts, source } = waitingServer(thenable as unknown as Promise<void>)
    const client = follower(ts, 'x')
    await until(() => settled.length > 0)
    source.announce(at(2n))
    expect(client.sent).toEqual([])
    for (const { resolve, reject } of settled) {
      if (how === 'resolves') resolve()
      else reject(new Error('on purpose'))
    }
    await until(() => client.sent.length + client.closes.length > 0)
    expect(client.times).toEqual(how === 'resolves' ? ['2'] : [])
    expect(client.closes).toEqual(how === 'resolves' ? [] : [1011])
  })
})

describe('a wall clock that has no time', () => {
  it('does not throw into what the app does, and the timeline is not available', () => {
    const root = manualClock()
    root.nanos = 5e9
    const pts = new CorrelatedClock(root.clock, { tickRate: 90_000 })
    const ts = server(TsServer, { wallClock: root.clock })
    ts.attachTimelineSource(new ClockTimelineSource('x', root.clock, pts))
    const [client, other] = [follower(ts, 'x'), follower(ts, 'unknown')]
    expect(client.times).toEqual(['450000'])
    client.arrive()
    root.nanos = Number.NaN
    expect(() => {
      pts.speed = 2
    }).not.toThrow()
    expect(() => {
      ts.contentId = null
    }).not.toThrow()
    expect(client.times).toEqual(['450000', null])
    expect(follower(ts, 'x').times).toEqual([null])
    expect([...client.closes, ...other.closes]).toEqual([])
    expect(ts.statistics.hookErrors).toBe(0)
  })
})

describe('a source that changes another while it is asked', () => {
  it('does not lose the change, nor is what was before sent after it', () => {
    const ts = server()
    const changed = new FixedTimelineSource('a', at(1n))
    class Asking extends Careless {
      next: bigint[] = []
      override controlTimestamp() {
        for (const time of this.next.splice(0)) changed.timestamp = at(time)
        return super.controlTimestamp()
      }
    }
    const asking = new Asking('b', at(1n))
    ts.attachTimelineSource(changed)
    ts.attachTimelineSource(asking)
    const clients = ['a', 'b', 'a'].map((selector) => ({ selector, socket: follower(ts, selector) }))
    for (const { socket } of clients) socket.arrive()
    asking.next = [2n]
    asking.announce(at(1n))
    const expectTimes = (ofA: string[], ofB: string[]) => {
      for (const { selector, socket } of clients) expect(socket.times).toEqual(selector === 'a' ? ofA : ofB)
    }
    expectTimes(['1', '2'], ['1'])
    for (const { socket } of clients) socket.arrive()
    expectTimes(['1', '2'], ['1'])
    // Twice in one round, and with news of its own.
    asking.next = [3n, 4n]
    asking.announce(at(5n))
    for (const { socket } of clients) socket.arrive()
    for (const { selector, socket } of clients) expect(socket.times.at(-1)).toBe(selector === 'a' ? '4' : '5')
  })
})

describe('which sources are told what', () => {
  it('does not include one that another, told before it, has just removed', () => {
    const ts = server()
    const victim = new Careless('x')
    class Remover extends Careless {
      override selectorNeeded() {
        super.selectorNeeded()
        ts.removeTimelineSource(victim)
      }
    }
    const remover = new Remover('x')
    ts.attachTimelineSource(remover)
    ts.attachTimelineSource(victim)
    const client = follower(ts, 'x')
    expect(remover.told).toEqual(['needed'])
    expect(victim.told).toEqual([])
    client.events.closed(1000, '')
    expect(remover.told).toEqual(['needed', 'not needed'])
    expect(victim.told).toEqual([])
  })
})

describe('a subclass', () => {
  it('may make data of its own, which need not be what the base makes', () => {
    interface Data extends TsConnectionData {
      mine: number
    }
    const heard: unknown[] = []
    class Own extends TsServer<Data> {
      override createConnectionData() {
        return { mine: 1 } as Data
      }
      override onSetup(_connection: Connection, setup: unknown, data: Data) {
        heard.push([data.mine, data.setup === setup])
      }
    }
    const ts = new Own({ contentId: 'dvb://1', logger: silent })
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const client = follower(ts as unknown as TsServer, 'x')
    client.arrive()
    source.timestamp = at(2n)
    expect(client.times).toEqual(['1', '2'])
    expect(client.closes).toEqual([])
    expect(heard).toEqual([[1, true]])
  })

  it.each([7, null, 'data'])('may make data that are no object: %s', (data) => {
    class Own extends TsServer {
      override createConnectionData() {
        return data as unknown as TsConnectionData
      }
    }
    const ts = server(Own)
    ts.attachTimelineSource(new FixedTimelineSource('x', at(1n)))
    const client = follower(ts, 'x')
    expect(client.times).toEqual(['1'])
    expect(client.closes).toEqual([])
  })
})

describe('the log', () => {
  it('shows no more of setup-data than a line can take', () => {
    const stream = new LogLines()
    const ts = server(TsServer, { logger: pino({ level: 'info' }, stream), wallClock: new SystemClock() })
    const client = new Socket()
    const events = ts.opened(client)
    events.message(JSON.stringify({ contentIdStem: 'a'.repeat(30_000), timelineSelector: 'b'.repeat(30_000) }))
    const line = stream.lines.find(({ msg }) => msg === 'setup-data')
    expect(line?.contentIdStem).toMatch(/^a{200,255}…$/)
    expect(line?.timelineSelector).toMatch(/^b{200,255}…$/)
    expect(Math.max(...stream.lines.map((each) => JSON.stringify(each).length))).toBeLessThan(1024)
  })
})
