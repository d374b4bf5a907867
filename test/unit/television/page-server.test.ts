import { describe, expect, it, vi } from 'vitest'
import { CiiServer } from '../../../src/server/cii/index.js'
import { TsServer } from '../../../src/server/ts/index.js'
import { PageServer } from '../../../src/television/page-server.js'
import type { PageRole, PageSetting } from '../../../src/television/protocol/index.js'
import { Television } from '../../../src/television/television.js'
import { FakeSocket } from '../../helpers/fake-socket.js'
import { manualClock } from '../../helpers/manual-clock.js'

const NOTHING = { entries: { entries: [], omitted: 0 }, next: 0 }

describe('the connections of pages', () => {
  it('have the companions looked at once a second, however many control pages there are', () => {
    vi.useFakeTimers()
    let looks = 0
    const wallClock = manualClock().clock
    const television = new Television({ cii: new CiiServer(), ts: new TsServer(), wallClock })
    const server = new PageServer({
      television,
      access: { controlHost: '0.0.0.0', controlToken: 'token' },
      feed: {
        companions: () => {
          looks += 1
          return []
        },
        messagesSince: () => NOTHING,
        logSince: () => NOTHING,
        watch: () => {},
      },
      setting: (_connection, role: PageRole) => ({ role }) as unknown as PageSetting,
    })
    const pages = Array.from({ length: 5 }, () => {
      const socket = new FakeSocket()
      server.open(socket).message(JSON.stringify({ type: 'hello', role: 'control', token: 'token' }))
      return socket
    })
    // Each new page is shown the companions as they are when it opens.
    expect(looks).toBe(pages.length)
    for (const page of pages) page.arrive()
    vi.advanceTimersByTime(1000)
    expect(looks).toBe(pages.length + 1)
    television.stop()
    vi.useRealTimers()
  })
})
