import pino from 'pino'
import { expect, it } from 'vitest'
import { applyCii, type Cii, parseCii } from '../../../../src/messages/index.js'
import { CiiServer } from '../../../../src/server/cii/cii-server.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'
import { nextTurn } from '../../../helpers/next-turn.js'

it('tells a client that was still being sent to what is gone, also when it is sent the whole state', async () => {
  const server = new CiiServer({
    logger: pino({ level: 'silent' }),
    cii: { contentId: 'dvb://1', contentIdStatus: 'final' },
  })
  const client = new FakeSocket()
  server.open(client)
  server.cii = {}
  server.updateClients({ onlyDiff: false })
  await nextTurn()
  client.arrive()
  const state = client.sent.reduce<Cii>((before, message) => applyCii(before, parseCii(message)), {})
  expect(state).toEqual({ protocolVersion: '1.1', contentId: null, contentIdStatus: null })
})
