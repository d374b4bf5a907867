import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { afterEach } from 'vitest'

const apps: FastifyInstance[] = []

/** Closes the apps that a test has made, also when it failed. Call once at the top of a test file. */
export function closeAppsAfterEach(): void {
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()))
  })
}

export function makeApp(options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify({ logger: false, ...options } as FastifyServerOptions) as unknown as FastifyInstance
  apps.push(app)
  return app
}

/** Listens on a free port of loopback and gives `ws://127.0.0.1:port`. */
export async function listen(app: FastifyInstance, host = '127.0.0.1'): Promise<string> {
  const url = new URL(await app.listen({ host, port: 0 }))
  return `ws://${url.host}`
}
