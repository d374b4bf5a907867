import Fastify, { type FastifyRequest } from 'fastify'
import {
  type App2AppClient,
  type App2AppServer,
  CiiServer,
  Clock,
  type Connection,
  getDecorated,
  TsServer,
  tsPlugin,
  type WallClockUdpServer,
  type WallClockWebSocketServer,
} from 'fastify-dvbcss'
import { expectTypeOf } from 'vitest'

const app = Fastify()

expectTypeOf(app.cii).toEqualTypeOf<CiiServer>()
expectTypeOf(app.ts).toEqualTypeOf<TsServer>()
expectTypeOf(app.wallClock).toEqualTypeOf<Clock>()
expectTypeOf(app.app2app).toEqualTypeOf<App2AppServer>()
for (const client of app.app2app.remote.connections.values()) expectTypeOf(client).toEqualTypeOf<App2AppClient>()
expectTypeOf(app.wallClockServer).toEqualTypeOf<WallClockUdpServer>()
expectTypeOf(app.wallClockWebSocket).toEqualTypeOf<WallClockWebSocketServer>()

class Television extends TsServer {
  readonly channels = ['one', 'two']
}

app.register(tsPlugin, { handler: Television, decorateAs: 'studio' })
expectTypeOf(getDecorated(app, 'studio', Television)).toEqualTypeOf<Television>()
expectTypeOf(getDecorated(app, 'studio', Television).channels).toEqualTypeOf<string[]>()
expectTypeOf(getDecorated(app, 'second', CiiServer)).toExtend<CiiServer>()
expectTypeOf(getDecorated(app, 'clock', Clock)).toEqualTypeOf<Clock>()
// @ts-expect-error: a class is needed, and not its name.
getDecorated(app, 'studio', 'Television')
// @ts-expect-error: a plain TsServer has no channels.
getDecorated(app, 'studio', TsServer).channels

declare const connection: Connection
expectTypeOf(connection.handshake).toEqualTypeOf<FastifyRequest>()
for (const [open] of app.cii.connections) expectTypeOf(open.handshake).toEqualTypeOf<FastifyRequest>()
