import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../../helpers/needs.js'
import { NetworkNamespace } from './network-namespace.js'

describe.runIf(has('namespaces'))('a network that drops every packet', () => {
  let namespace: NetworkNamespace
  beforeAll(() => {
    namespace = NetworkNamespace.make()
  })
  afterAll(() => namespace?.remove())

  it('leaves a half-open peer, which the television finds by its silence', async () => {
    const child = namespace.start('half-open-peer.js')
    const [first] = await once(child, 'message')
    expect(first).toEqual({ connected: true })
    namespace.run('ip', 'link', 'set', 'lo', 'down')
    const [counted] = await once(child, 'message')
    // Nobody has told the client: for it the connection still stands.
    expect(counted).toEqual({ timedOut: { handshake: 0, heartbeat: 1, send: 0, message: 0 }, clientState: 1 })
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  })
})
