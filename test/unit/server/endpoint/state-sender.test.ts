import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../../src/server/endpoint/connection.js'
import { StateSender } from '../../../../src/server/endpoint/state-sender.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'

class Sender extends StateSender {}

/** A sender of a number over a connection whose client takes a message when the test says so. */
function setUp() {
  const state = { value: 0, sent: -1 }
  const socket = new FakeSocket()
  const connection = {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    sendText: (utf8: Uint8Array) => socket.send(utf8, true, undefined),
    whenFlushed: (flushed: () => void) => socket.whenFlushed(flushed),
  } as unknown as Connection
  let coalesced = 0
  const sender = new Sender(connection, {
    compose: () => {
      if (state.sent === state.value) return undefined
      state.sent = state.value
      return Buffer.from(String(state.value))
    },
    coalesced: () => {
      coalesced += 1
    },
  })
  const set = (value: number) => {
    state.value = value
    sender.wake()
  }
  return { set, received: socket.sent, arrive: () => socket.arrive(), coalesced: () => coalesced }
}

describe('a state sender', () => {
  it('sends a state at once, and nothing when there is nothing to send', () => {
    const { set, received, arrive } = setUp()
    set(1)
    arrive()
    set(1)
    expect(received).toEqual(['1'])
  })

  it('has one message on its way at most, and sends the newest state after it', () => {
    const { set, received, arrive, coalesced } = setUp()
    for (const value of [1, 2, 3, 4]) set(value)
    expect(received).toEqual(['1'])
    arrive()
    expect(received).toEqual(['1', '4'])
    expect(coalesced()).toBe(2)
    arrive()
    expect(received).toEqual(['1', '4'])
  })

  it('sends nothing of a state that came and went while the client was not reading', () => {
    const { set, received, arrive } = setUp()
    set(1)
    set(2)
    set(1)
    arrive()
    expect(received).toEqual(['1'])
  })
})
