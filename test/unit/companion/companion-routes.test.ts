import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CompanionRoutes, type Route } from '../../../src/companion/companion-routes.js'
import type { CiiClient, CiiClientEvents } from '../../../src/companion/connections/index.js'
import { Emitter } from '../../../src/events/index.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A CII client whose connection is what the test says. */
class Client extends Emitter<CiiClientEvents> {
  starts = 0
  isStarted = false
  start(): void {
    this.isStarted = true
    this.starts += 1
  }
  stop(): void {
    this.isStarted = false
  }
  connect(): void {
    this.emit('connected', { url: '' })
  }
  say(): void {
    this.emit('message', { message: {} })
  }
}

function setUp() {
  const [native, app2app] = [new Client(), new Client()]
  const chosen: [string, string | undefined][] = []
  const routes: [Route, Route] = [
    { route: 'native', ciiUrl: 'ws://tv/cii', cii: native as unknown as CiiClient },
    { route: 'app2app', ciiUrl: 'ws://tv/app2app/x-cii', cii: app2app as unknown as CiiClient },
  ]
  const all = new CompanionRoutes(routes, { chosen: ({ route }, reason) => chosen.push([route, reason]) })
  const isStarted = () => [native.isStarted, app2app.isStarted]
  const wait = (seconds: number) => vi.advanceTimersByTime(seconds * 1000)
  return { all, native, app2app, routes, chosen, isStarted, wait }
}

describe('the routes of a companion', () => {
  it('are tried natively first, then over App2App at once, and again after a pause', () => {
    const { all, routes, isStarted, wait } = setUp()
    all.start()
    expect(isStarted()).toEqual([true, false])
    expect(all.failed(routes[0], 'refused', 3)).toBe(0)
    wait(0)
    expect(isStarted()).toEqual([false, true])
    expect(all.failed(routes[1], 'not paired', 3)).toBe(3)
    wait(2.9)
    expect(isStarted()).toEqual([false, false])
    wait(0.1)
    expect(isStarted()).toEqual([true, false])
    expect(all.current.route).toBe('native')
  })

  it('stay with the first one that sends CII, and report why the other was left', () => {
    const { all, routes, app2app, chosen, wait } = setUp()
    all.start()
    all.failed(routes[0], 'refused', 3)
    wait(0)
    app2app.connect()
    app2app.say()
    app2app.say()
    expect(chosen).toEqual([['app2app', 'refused']])
    wait(100)
    expect(app2app.isStarted).toBe(true)
  })

  it('leave a route without CII for 5 s', () => {
    const { all, native, isStarted, wait } = setUp()
    all.start()
    native.connect()
    wait(4.9)
    expect(isStarted()).toEqual([true, false])
    wait(0.2)
    expect(isStarted()).toEqual([false, true])
  })

  it('leave one without a usable wall clock at once, or if it gives no position for 15 s', () => {
    const { all, native, isStarted, wait } = setUp()
    all.start()
    native.connect()
    native.say()
    all.unusable('wall-clock', 'no answer')
    wait(10)
    all.unusable('ts', 'no connection')
    wait(4.9)
    expect(isStarted()).toEqual([true, false])
    wait(0.2)
    expect(isStarted()).toEqual([false, true])
    // Its state counts until there is another one.
    expect(all.current.route).toBe('native')
    const again = setUp()
    again.all.start()
    again.native.say()
    again.all.unusable('no-udp', 'UDP is not available here')
    again.wait(0.01)
    expect(again.isStarted()).toEqual([false, true])
  })

  it('do not change while the position is available, or unavailable because of the content', () => {
    const { all, native, isStarted, wait } = setUp()
    all.start()
    native.say()
    all.unusable('wall-clock', 'no answer')
    wait(14)
    all.usable()
    wait(100)
    all.unusable('ts', 'no connection')
    wait(14)
    all.unusable('timeline', 'the television currently has no timeline')
    wait(100)
    expect(isStarted()).toEqual([true, false])
  })

  it('return to an unusable one if the other fails, and leave it again after 60 s', () => {
    const { all, routes, native, chosen, isStarted, wait } = setUp()
    all.start()
    native.say()
    all.unusable('no-udp', 'no UDP')
    wait(0)
    expect(all.failed(routes[1], 'not paired', 3)).toBe(3)
    wait(3)
    expect(isStarted()).toEqual([true, false])
    native.say()
    all.unusable('no-udp', 'no UDP')
    wait(50)
    expect(isStarted()).toEqual([true, false])
    wait(10)
    expect(isStarted()).toEqual([false, true])
    expect(chosen).toEqual([['native', undefined]])
  })

  it('try nothing after a stop', () => {
    const { all, routes, native, app2app, wait } = setUp()
    all.start()
    all.failed(routes[0], 'refused', 3)
    all.stop()
    wait(100)
    expect([native.starts, app2app.starts]).toEqual([1, 0])
    all.start()
    app2app.connect()
    all.stop()
    wait(100)
    expect([native.starts, app2app.starts]).toEqual([1, 1])
  })
})
