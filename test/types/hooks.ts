import Fastify, { type FastifyRequest } from 'fastify'
import {
  type CiiHooks,
  type Connection,
  ciiPlugin,
  type EndpointHooks,
  endpointPlugin,
  type PresentationTimestamps,
  type SetupData,
  type TsHooks,
  TsServer,
  tsPlugin,
  type WallClockHooks,
  wallClockWebSocketPlugin,
} from 'fastify-dvbcss'
import { expectTypeOf } from 'vitest'

const app = Fastify()

app.register(endpointPlugin, {
  prefix: '/chat',
  hooks: {
    onConnect(connection, data) {
      expectTypeOf(connection).toEqualTypeOf<Connection>()
      expectTypeOf(connection.handshake).toEqualTypeOf<FastifyRequest>()
      expectTypeOf(data).toEqualTypeOf<unknown>()
    },
    async onMessage(_connection, message) {
      expectTypeOf(message).toEqualTypeOf<string | Uint8Array>()
    },
  },
})

app.register(ciiPlugin, {
  hooks: {
    onMessage(_connection, message) {
      expectTypeOf(message).toEqualTypeOf<unknown>()
    },
  },
})

app.register(tsPlugin, {
  hooks: {
    async onSetup(_connection, setup, data) {
      expectTypeOf(setup).toEqualTypeOf<SetupData>()
      expectTypeOf(data).toEqualTypeOf<unknown>()
    },
    onPresentationTimestamps(_connection, timestamps) {
      expectTypeOf(timestamps).toEqualTypeOf<PresentationTimestamps>()
    },
    onMessage(_connection, message) {
      expectTypeOf(message).toEqualTypeOf<SetupData | PresentationTimestamps>()
    },
    onDisconnect(connection) {
      expectTypeOf(connection).toEqualTypeOf<Connection>()
    },
  },
})

app.register(wallClockWebSocketPlugin, { hooks: { onConnect() {}, async onDisconnect() {} } })
new TsServer({
  hooks: {
    onSetup: (_connection, setup) => {
      expectTypeOf(setup).toEqualTypeOf<SetupData>()
    },
  },
})

// @ts-expect-error: CII has no setup-data.
app.register(ciiPlugin, { hooks: { onSetup() {} } })
// @ts-expect-error: the requests of a wall clock are answered without the app.
app.register(wallClockWebSocketPlugin, { hooks: { onMessage() {} } })
// @ts-expect-error: a misspelt name.
app.register(endpointPlugin, { hooks: { onConect() {} } })
// @ts-expect-error: not a function.
app.register(tsPlugin, { hooks: { onSetup: true } })

expectTypeOf<keyof CiiHooks>().toEqualTypeOf<keyof EndpointHooks>()
expectTypeOf<keyof WallClockHooks>().toEqualTypeOf<'onConnect' | 'onDisconnect'>()
expectTypeOf<keyof TsHooks>().toEqualTypeOf<keyof EndpointHooks | 'onSetup' | 'onPresentationTimestamps'>()
