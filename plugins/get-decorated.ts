import type { FastifyInstance } from 'fastify'
import { InvalidOptionError } from '../src/validation/index.js'

/**
 * What a plugin has added to an app under a name, typed by its class: for names that you give with `decorateAs`, and for a `handler`
 * class whose own members you want to use.
 *
 * @example
 * await app.register(tsPlugin, { prefix: '/studio/ts', handler: Television, decorateAs: 'studio' })
 * const studio = getDecorated(app, 'studio', Television)
 *
 * @throws InvalidOptionError if the app has nothing under this name, or something that is not an instance of the class.
 */
export function getDecorated<Decorated extends object>(
  app: FastifyInstance,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: a class, whatever its constructor takes.
  expected: abstract new (...args: any[]) => Decorated,
): Decorated {
  // Not `app.getDecorator`, which Fastify has had since 5.3 only.
  const decorated: unknown = (app as unknown as Record<string, unknown>)[name]
  if (decorated instanceof expected) return decorated
  throw new InvalidOptionError(name, `a decorator of this app that is an instance of ${expected.name}`, decorated)
}
