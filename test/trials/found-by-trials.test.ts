import pino from 'pino'
import { expect, it } from 'vitest'
import { applyCii, type Cii, parseCii } from '../../src/messages/index.js'
import { CiiServer } from '../../src/server/cii-server.js'

it('tells a client that was still being sent to what is gone, also when it is sent the whole state', () => {
  const server = new CiiServer({
    logger: pino({ level: 'silent' }),
    cii: { contentId: 'dvb://1', contentIdStatus: 'final' },
  })
  const onTheWay: (() => void)[] = []
  let state: Cii = {}
  server.opened({
    remoteAddress: '192.0.2.1',
    reachedAt: { secure: false, host: '192.0.2.7', port: 80 },
    handshake: { url: '/', headers: {} },
    bufferedAmount: 0,
    send: (data, _isText, handedOver) => {
      state = applyCii(state, parseCii(data))
      if (handedOver !== undefined) onTheWay.push(handedOver)
    },
    close: () => {},
  })
  server.cii = {}
  server.updateClients({ onlyDiff: false })
  onTheWay.shift()?.()
  expect(state).toEqual({ protocolVersion: '1.1', contentId: null, contentIdStatus: null })
})
