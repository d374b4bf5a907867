import Fastify from 'fastify'
import { expect, it } from 'vitest'
import {
  CiiServer,
  Clock,
  ciiPlugin,
  getDecorated,
  TsServer,
  tsPlugin,
  wallClockPlugin,
} from '../../../plugins/index.js'

class Television extends TsServer {}

it('getDecorated returns what a plugin has added to the app, if it is of the expected class', async () => {
  const app = Fastify()
  await app.register(wallClockPlugin, { port: 0, decorateAs: 'time' })
  await app.register(tsPlugin, { handler: Television, decorateAs: 'studio' })
  await app.register(ciiPlugin, { prefix: '/cii' })

  expect(getDecorated(app, 'studio', Television).contentId).toBe(null)
  expect(getDecorated(app, 'cii', CiiServer)).toBe(app.cii)
  expect(getDecorated(app, 'time', Clock).available).toBe(true)
  expect(() => getDecorated(app, 'cii', Television)).toThrow(
    /^"cii" must be a decorator of this app that is an instance of Television; received /,
  )
  expect(() => getDecorated(app, 'sutdio', Television)).toThrow('"sutdio" must be')
  await app.close()
})
