import { Companion, type CompanionRoute, type CompanionTarget, type DiscoveredTelevision } from 'fastify-dvbcss/client'
import { expectTypeOf } from 'vitest'

declare const found: DiscoveredTelevision
expectTypeOf(found).toExtend<CompanionTarget>()
const companion = new Companion(found)
new Companion({ app2appUrl: 'ws://tv/', channelPrefix: 'x' }, { contentIdStem: '' })
companion.on('route', ({ route }) => expectTypeOf(route).toEqualTypeOf<CompanionRoute>())
// @ts-expect-error: there is no such property.
new Companion({ app2appURL: 'ws://tv/' })
