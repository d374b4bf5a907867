import Fastify from 'fastify'
import {
  CiiServer,
  type Connection,
  ciiPlugin,
  EndpointServer,
  endpointPlugin,
  serveMessagePort,
  TsServer,
  tsPlugin,
} from 'fastify-dvbcss'
import { expectTypeOf } from 'vitest'

interface Member {
  nick: string
}

interface Viewer {
  since: number
}

const app = Fastify()
const { port1 } = new MessageChannel()

class WithoutData extends EndpointServer<Member> {}
class WithWrongData extends EndpointServer<Member> {
  override createConnectionData() {
    return { name: '' }
  }
}
class WithData extends EndpointServer<Member> {
  override createConnectionData() {
    return { nick: '' }
  }
  override onConnect(_connection: Connection, data: Member) {
    data.nick = 'anonymous'
  }
}
class WithOptionalData extends EndpointServer<Member | undefined> {}
class Plain extends EndpointServer {}
class Generic<Data> extends EndpointServer<Data> {
  readonly #make: () => Data
  constructor(make: () => Data) {
    super()
    this.#make = make
  }
  override createConnectionData(): Data {
    return this.#make()
  }
}

app.register(endpointPlugin, { prefix: '/a', handler: WithData })
app.register(endpointPlugin, { prefix: '/b', handler: new WithData() })
app.register(endpointPlugin, { prefix: '/c', handler: WithOptionalData })
app.register(endpointPlugin, { prefix: '/d', handler: Plain })
app.register(endpointPlugin, { prefix: '/e', handler: new Generic(() => ({ nick: '' })) })
serveMessagePort(new WithData(), port1)
expectTypeOf(new WithData().connections).toEqualTypeOf<Map<Connection, Member>>()

// @ts-expect-error: nobody makes the data.
app.register(endpointPlugin, { prefix: '/f', handler: WithoutData })
// @ts-expect-error: nobody makes the data.
app.register(endpointPlugin, { prefix: '/g', handler: new WithoutData() })
// @ts-expect-error: the data is not a Member.
app.register(endpointPlugin, { prefix: '/h', handler: WithWrongData })
// @ts-expect-error: nobody makes the data.
serveMessagePort(new WithoutData(), port1)

class CiiWithoutData extends CiiServer<Member> {}
class CiiWithData extends CiiServer<Member> {
  override createConnectionData() {
    return { nick: '' }
  }
}
app.register(ciiPlugin, { handler: CiiWithData })
app.register(ciiPlugin, { handler: class extends CiiServer {} })
// @ts-expect-error: nobody makes the data.
app.register(ciiPlugin, { handler: CiiWithoutData })

class TsWithoutData extends TsServer<Viewer> {}
class TsWithData extends TsServer<Viewer> {
  override createConnectionData() {
    return { since: Date.now() }
  }
}
app.register(tsPlugin, { handler: TsWithData })
app.register(tsPlugin, { handler: class extends TsServer {} })
// @ts-expect-error: nobody makes `since`.
app.register(tsPlugin, { handler: TsWithoutData })
