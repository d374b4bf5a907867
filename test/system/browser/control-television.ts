import type { FastifyInstance } from 'fastify'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { type TelevisionPluginOptions, televisionPlugin } from '../../../plugins/television.js'
import type { CompanionOptions } from '../../../src/companion/index.js'
import { Companion } from '../../../src/companion/node/index.js'
import type { Programme } from '../../../src/television/index.js'
import { makeApp } from '../../helpers/app.js'

export const PTS = 'urn:dvb:css:timeline:pts'

const CLIP: Programme = {
  id: 'clip',
  title: 'A clip',
  contentId: 'dvb://233a.1004.1044',
  durationSeconds: 600,
  sources: [],
  alternatives: [],
}
const FILM: Programme = { ...CLIP, id: 'film', title: 'A film', contentId: 'https://broadcaster.example/film' }

/** A television with a control page, and companions of it, all in this process. */
export class ControlTelevision {
  readonly app: FastifyInstance
  readonly #url: string
  readonly #companions: Companion[] = []

  private constructor(app: FastifyInstance, url: string) {
    this.app = app
    this.#url = url
  }

  /** @param port 0 picks a free one */
  static async start(options: TelevisionPluginOptions = {}, port = 0): Promise<ControlTelevision> {
    const app = makeApp({ logger: { level: 'info', stream: { write() {} } } })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { programmes: [CLIP, FILM], friendlyName: 'Lab', ...options })
    const { host } = new URL(await app.listen({ host: '127.0.0.1', port }))
    return new ControlTelevision(app, `ws://${host}`)
  }

  get controlUrl(): string {
    return `${this.#url.replace('ws:', 'http:')}/control`
  }

  endpoint(path: string): string {
    return `${this.#url}${path}`
  }

  /** Each with a wall clock over WebSocket, because requests over UDP from one address cannot be told apart. */
  connect(options: CompanionOptions = {}): Companion {
    const companion = new Companion(this.endpoint('/cii'), {
      timelineSelector: PTS,
      preferWebSocketWallClock: true,
      ...options,
    })
    companion.start()
    this.#companions.push(companion)
    return companion
  }

  stopCompanions(): void {
    for (const companion of this.#companions.splice(0)) companion.stop()
  }
}
