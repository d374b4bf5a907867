import { type Logger, pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  type Connection,
  type ConnectionHandlers,
  type ControlTimestamp,
  CorrelatedClock,
  FixedTimelineSource,
  SystemClock,
  TimelineSource,
  type TsConnectionState,
  TsServer,
  type TsServerOptions,
} from '../../../../plugins/index.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'
import { LogLines } from '../../../helpers/log-lines.js'
import { manualClock } from '../../../helpers/manual-clock.js'
import { nextTurn } from '../../../helpers/next-turn.js'
import { until } from '../../../helpers/until.js'

/** A client of CSS-TS. */
class Socket extends FakeSocket {
  /** The content times that were sent. */
  get times(): unknown[] {
    return this.sent.map((message) => JSON.parse(message).contentTime)
  }
}

/** A client that takes each message at once. */
class QuickSocket extends Socket {
  override send(data: string | Uint8Array, isText: boolean, onFlushed: (() => void) | undefined) {
    super.send(data, isText, onFlushed)
    this.arrive()
  }
}

const silent = pino({ level: 'silent' })

const at = (contentTime: bigint): ControlTimestamp => ({ contentTime, wallClockTime: 2n, timelineSpeedMultiplier: 1 })

function server(Server: new (options: TsServerOptions) => TsServer = TsServer, options = {}): TsServer {
  return new Server({ contentId: 'dvb://1', logger: silent, ...options })
}

/** A client that has asked for a timeline. */
function follower(
  ts: TsServer,
  timelineSelector: string,
  socket: Socket = new Socket(),
): Socket & { events: ConnectionHandlers } {
  const events = ts.open(socket)
  events.message(JSON.stringify({ contentIdStem: '', timelineSelector }))
  return Object.assign(socket, { events })
}

/** What the server knows of its only client. */
function onlyState(ts: TsServer): TsConnectionState {
  const [state] = [...ts.connections.keys()].map((connection) => ts.stateOf(connection))
  if (state === undefined) throw new Error('expected a client')
  return state
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
    expect(stream.lines).toEqual([expect.objectContaining({ msg: 'timeline source failed', source: 'Careless' })])
    expect(ts.statistics.hookErrors).toBe(1)
  })

  it.each(bad)('leaves the timeline to the next source that has it: %s', (_name, answer) => {
    const { ts, source } = withBadSource()
    source.answer = answer
    ts.attachTimelineSource(new FixedTimelineSource('x', at(5n)))
    expect(follower(ts, 'x').times).toEqual(['5'])
  })

  it.each(bad)('does not stop a change: %s', async (_name, answer) => {
    const { ts, source, good } = withBadSource()
    const [client, other] = [follower(ts, 'x'), follower(ts, 'y')]
    for (const socket of [client, other]) socket.arrive()
    expect(() => source.announce(answer)).not.toThrow()
    good.announce(at(9n))
    await nextTurn()
    expect(client.times).toEqual(['1', null])
    expect(other.times).toEqual(['1', '9'])
    client.arrive()
    source.announce(at(8n))
    await nextTurn()
    expect(client.times).toEqual(['1', null, '8'])
  })

  it.each(bad)('does not stop what follows a message in flight: %s', async (_name, answer) => {
    const { ts, source, stream } = withBadSource()
    const client = follower(ts, 'x')
    source.announce(answer)
    await nextTurn()
    expect(client.times).toEqual(['1'])
    expect(() => client.arrive()).not.toThrow()
    expect(client.times).toEqual(['1', null])
    expect(client.closes).toEqual([])
    expect(stream.lines).toEqual([expect.objectContaining({ msg: 'timeline source failed', source: 'Careless' })])
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
  it('does not throw into what the app does, and the timeline is not available', async () => {
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
    await nextTurn()
    expect(client.times).toEqual(['450000', null])
    expect(follower(ts, 'x').times).toEqual([null])
    expect([...client.closes, ...other.closes]).toEqual([])
    expect(ts.statistics.hookErrors).toBe(0)
  })
})

describe('a source that changes another while it is asked', () => {
  it('does not lose the change, nor is what was before sent after it', async () => {
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
    await nextTurn()
    await nextTurn()
    const expectTimes = (ofA: string[], ofB: string[]) => {
      for (const { selector, socket } of clients) expect(socket.times).toEqual(selector === 'a' ? ofA : ofB)
    }
    expectTimes(['1', '2'], ['1'])
    for (const { socket } of clients) socket.arrive()
    expectTimes(['1', '2'], ['1'])
    // Twice in one round, and with news of its own.
    asking.next = [3n, 4n]
    asking.announce(at(5n))
    await nextTurn()
    await nextTurn()
    for (const { socket } of clients) socket.arrive()
    for (const { selector, socket } of clients) expect(socket.times.at(-1)).toBe(selector === 'a' ? '4' : '5')
  })
})

/** Changes something whenever it is asked. */
class Restless extends Careless {
  asked = 0
  override recognises() {
    return true
  }
  override controlTimestamp(): ControlTimestamp {
    this.asked += 1
    if (this.asked > 10_000) throw new Error('the server asks without end')
    this.change()
    return at(BigInt(this.asked))
  }
  change(): void {
    this.changed()
  }
}

describe('a source that changes something whenever it is asked', () => {
  const ways: [string, (ts: TsServer, source: Restless) => void][] = [
    ['changed()', (_ts, source) => source.announce(at(1n))],
    ['updateAllClients()', (ts) => ts.updateAllClients()],
    ['updateClient()', (ts) => void [...ts.connections.keys()].map((connection) => ts.updateClient(connection))],
    ['contentId', (ts) => Object.assign(ts, { contentId: `dvb://${Math.random()}` })],
  ]

  it.each(ways)('is cut off, logged and counted: %s', async (_name, change) => {
    const stream = new LogLines()
    const ts = server(TsServer, { logger: pino({ level: 'error' }, stream) })
    const source = new Restless('x')
    ts.attachTimelineSource(source)
    source.change = () => change(ts, source)
    for (let client = 0; client < 6; client++) follower(ts, 'x', new QuickSocket())
    await until(() => ts.statistics.hookErrors > 0)
    await nextTurn()
    await nextTurn()
    const { asked } = source
    await nextTurn()
    expect(source.asked).toBe(asked)
    expect(asked).toBeLessThan(1000)
    expect(ts.statistics.hookErrors).toBe(1)
    expect(stream.lines).toEqual([expect.objectContaining({ source: 'Restless' })])
    // It still works for what the app changes outside.
    source.change = () => {}
    source.announce(at(1n))
    await nextTurn()
    expect(source.asked).toBeGreaterThan(asked)
  })

  it('leaves the event loop to others when it does so in a promise', async () => {
    const ts = server()
    const source = new Restless('x')
    source.change = () => void Promise.resolve().then(() => source.asked < 1000 && source.announce(at(1n)))
    ts.attachTimelineSource(source)
    follower(ts, 'x', new QuickSocket())
    await nextTurn()
    await nextTurn()
    expect(source.asked).toBeLessThan(10)
    await until(() => source.asked >= 1000)
  })
})

describe('two sources for one timeline', () => {
  it('leave no client with a stale answer when the second makes the first available while it is asked', async () => {
    const ts = server()
    const first = new FixedTimelineSource('x', { contentTime: null, wallClockTime: 1n, timelineSpeedMultiplier: null })
    class Second extends Careless {
      override controlTimestamp() {
        first.timestamp = at(7n)
        return { contentTime: null, wallClockTime: 1n, timelineSpeedMultiplier: null }
      }
    }
    ts.attachTimelineSource(first)
    ts.attachTimelineSource(new Second('x'))
    const clients = [follower(ts, 'x'), follower(ts, 'x')]
    for (let turn = 0; turn < 3; turn++) {
      for (const client of clients) client.arrive()
      await nextTurn()
    }
    expect(clients.map((client) => client.times.at(-1))).toEqual(['7', '7'])
  })
})

describe('changes in one turn of the event loop', () => {
  it('reach a client as one message, the last', async () => {
    const ts = server()
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const client = follower(ts, 'x')
    client.arrive()
    for (let time = 2n; time <= 10n; time++) source.timestamp = at(time)
    await nextTurn()
    client.arrive()
    await nextTurn()
    expect(client.times).toEqual(['1', '10'])
  })

  it('reach a client that is closed in the same turn, before the close', () => {
    const ts = server()
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const client = follower(ts, 'x')
    client.arrive()
    source.timestamp = at(2n)
    for (const connection of ts.connections.keys()) connection.close()
    expect(client.times).toEqual(['1', '2'])
    expect(client.closes).toEqual([1000])
  })

  it('ask only for the timelines that have changed', async () => {
    const ts = server()
    const sources = ['x', 'y', 'z'].map((selector) => new Restless(selector))
    for (const source of sources) {
      source.recognises = (selector?: string) => selector === source.selector
      source.change = () => {}
      ts.attachTimelineSource(source)
      follower(ts, source.selector, new QuickSocket())
    }
    await nextTurn()
    const before = sources.map(({ asked }) => asked)
    sources[1]?.announce(at(1n))
    await nextTurn()
    expect(sources.map(({ asked }, index) => asked - (before[index] ?? 0))).toEqual([0, 1, 0])
  })
})

describe('setup-data', () => {
  it('is followed by presentation timestamps with the same limit', () => {
    const ts = server(TsServer, { maxKeptMessageBytes: 300 })
    const client = follower(ts, 'x')
    const report = (digits: number) => {
      const time = { contentTime: '1'.repeat(digits), wallClockTime: '1' }
      client.events.message(JSON.stringify({ earliest: time, latest: time }))
    }
    report(10)
    report(200)
    expect(ts.statistics.dropped['too-large']).toBe(1)
    expect(onlyState(ts).presentationTimestamps?.value.earliest.contentTime).toBe(1_111_111_111n)
  })

  function setUp(setup: object, options = {}) {
    const ts = server(TsServer, options)
    const socket = new Socket()
    ts.open(socket).message(JSON.stringify(setup))
    return { ts, socket }
  }

  it('is kept with its private data as text, which every reading parses', () => {
    const setup = {
      contentIdStem: 'dvb:',
      timelineSelector: 'x',
      private: [{ type: 'urn:p', deep: [[], {}, { a: 1 }] }],
    }
    const kept = onlyState(setUp(setup).ts).setup?.value
    expect(kept).toEqual(setup)
    expect(kept?.private).not.toBe(kept?.private)
  })

  it('that is longer than its limit is refused and counted, and shorter one is still taken', () => {
    const { ts, socket } = setUp({ contentIdStem: '', timelineSelector: 'x'.repeat(200) }, { maxKeptMessageBytes: 100 })
    expect(ts.statistics.dropped['too-large']).toBe(1)
    expect(socket.sent).toEqual([])
    expect(socket.closes).toEqual([])
  })

  it('has a limit of 8192 bytes where no other is set', () => {
    expect(setUp({ timelineSelector: 'x'.repeat(8000) }).socket.sent).toHaveLength(1)
    expect(setUp({ timelineSelector: 'x'.repeat(8200) }).ts.statistics.dropped['too-large']).toBe(1)
  })

  it.each([0, 1.5, '8192', Number.NaN])('limit: %j is an invalid option', (maxKeptMessageBytes) => {
    expect(() => new TsServer({ maxKeptMessageBytes } as never)).toThrow(
      '"maxKeptMessageBytes" must be an integer from 1 to 1073741824',
    )
  })
})

describe('what the server knows of a client', () => {
  it('is what was sent each way, and when', async () => {
    const ts = server()
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const before = Date.now()
    const socket = new Socket()
    const events = ts.open(socket)
    expect(onlyState(ts)).toEqual({ setup: undefined, controlTimestamp: undefined, presentationTimestamps: undefined })
    events.message(JSON.stringify({ contentIdStem: '', timelineSelector: 'x' }))
    const { setup, controlTimestamp, presentationTimestamps } = onlyState(ts)
    expect(setup?.value).toEqual({ contentIdStem: '', timelineSelector: 'x' })
    expect(controlTimestamp?.value).toEqual(at(1n))
    expect(presentationTimestamps).toBeUndefined()
    for (const known of [setup, controlTimestamp]) {
      expect(known?.at).toBeGreaterThanOrEqual(before)
      expect(known?.at).toBeLessThanOrEqual(Date.now())
    }
    const time = { contentTime: '5', wallClockTime: '6' }
    events.message(JSON.stringify({ earliest: time, latest: time }))
    expect(onlyState(ts).presentationTimestamps?.at).toBeGreaterThanOrEqual(before)
  })

  it('is the control timestamp that it was sent, and not one that waits until it reads', async () => {
    const ts = server()
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const client = follower(ts, 'x')
    expect(client.bufferedAmount).toBeGreaterThan(0)
    source.timestamp = at(2n)
    await nextTurn()
    expect(onlyState(ts).controlTimestamp?.value).toEqual(at(1n))
    client.arrive()
    expect(onlyState(ts).controlTimestamp?.value).toEqual(at(2n))
  })

  it('is nothing after its connection has ended, and for a connection of another server', () => {
    const ts = server()
    const client = follower(ts, 'x')
    const [connection] = ts.connections.keys() as Iterable<Connection>
    expect(server().stateOf(connection as Connection)).toBeUndefined()
    client.events.closed(1000, '')
    expect(ts.stateOf(connection as Connection)).toBeUndefined()
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
  it('may make data of its own', async () => {
    interface Data {
      mine: number
    }
    const heard: unknown[] = []
    class Own extends TsServer<Data> {
      override createConnectionData() {
        return { mine: 1 }
      }
      override onSetup(connection: Connection, setup: unknown, data: Data) {
        heard.push([data.mine, this.stateOf(connection)?.setup?.value === setup])
      }
    }
    const ts = new Own({ contentId: 'dvb://1', logger: silent })
    const source = new FixedTimelineSource('x', at(1n))
    ts.attachTimelineSource(source)
    const client = follower(ts as unknown as TsServer, 'x')
    client.arrive()
    source.timestamp = at(2n)
    await nextTurn()
    expect(client.times).toEqual(['1', '2'])
    expect(client.closes).toEqual([])
    expect(heard).toEqual([[1, true]])
  })

  it.each([7, null, 'data'])('may make data that are no object: %s', (data) => {
    class Own extends TsServer {
      override createConnectionData() {
        return data
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
  it('makes no logger for a client whose lines are below the level', () => {
    const bindings: object[] = []
    const onChild = (child: Logger) => {
      bindings.push(child.bindings())
    }
    const logger = pino({ level: 'error', onChild }, new LogLines())
    const ts = server(TsServer, { logger })
    const client = new Socket()
    ts.open(client).message(JSON.stringify({ contentIdStem: 'dvb://2', timelineSelector: 'x' }))
    ts.open(client).message(JSON.stringify({ timelineSelector: 'x' }))
    expect(bindings.filter((each) => 'connection' in each)).toEqual([])
  })

  it('carries the id of the connection in the lines on setup-data', () => {
    const stream = new LogLines()
    const ts = server(TsServer, { logger: pino({ level: 'info' }, stream) })
    ts.open(new Socket()).message(JSON.stringify({ contentIdStem: 'dvb://2', timelineSelector: 'x' }))
    const [connection] = ts.connections.keys()
    const ids = stream.lines.map(({ msg, connection }) => [msg, connection])
    expect(ids).toEqual([
      ['connected', connection?.id],
      ['setup-data', connection?.id],
      ['no timeline while the content id does not begin with the stem', connection?.id],
    ])
  })

  it('shows no more of setup-data than a line can take', () => {
    const stream = new LogLines()
    const ts = server(TsServer, { logger: pino({ level: 'info' }, stream), wallClock: new SystemClock() })
    const client = new Socket()
    const events = ts.open(client)
    events.message(JSON.stringify({ contentIdStem: 'a'.repeat(3000), timelineSelector: 'b'.repeat(3000) }))
    const line = stream.lines.find(({ msg }) => msg === 'setup-data')
    expect(line?.contentIdStem).toMatch(/^a{200,255}…$/)
    expect(line?.timelineSelector).toMatch(/^b{200,255}…$/)
    expect(Math.max(...stream.lines.map((each) => JSON.stringify(each).length))).toBeLessThan(1024)
  })
})
