import { describe, expect, it } from 'vitest'
import type { Connection } from '../../src/server/connection.js'
import { StateSender } from '../../src/server/state-sender.js'

/** A connection on which messages arrive when the test says so. */
function setUp() {
  const state = { value: 0, sent: -1 }
  const received: string[] = []
  const handOver: (() => void)[] = []
  const connection = {
    sendText(utf8: Uint8Array, handedOver: () => void) {
      received.push(Buffer.from(utf8).toString())
      handOver.push(handedOver)
    },
  } as unknown as Connection
  let coalesced = 0
  const compose = () => {
    if (state.sent === state.value) return undefined
    state.sent = state.value
    return Buffer.from(String(state.value))
  }
  const sender = new StateSender(connection, compose, () => {
    coalesced += 1
  })
  const set = (value: number) => {
    state.value = value
    sender.wake()
  }
  return { set, received, arrive: () => handOver.shift()?.(), coalesced: () => coalesced }
}

describe('a state sender', () => {
  it('sends a state at once, and nothing when there is nothing to tell', () => {
    const { set, received } = setUp()
    set(1)
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

  it('says nothing of a state that was there and gone while the client was being sent to', () => {
    const { set, received, arrive } = setUp()
    set(1)
    set(2)
    set(1)
    arrive()
    expect(received).toEqual(['1'])
  })
})
