import { basename, dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { send } from '@fastify/send'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Sends files, with ranges. No file stays open after its connection has closed, or keeps the app from closing. */
export class SentFiles {
  readonly #open = new Set<Readable>()
  #isClosing = false

  constructor(scope: FastifyInstance) {
    // Players stop reading when they have read far enough ahead: the app would wait for them.
    scope.addHook('preClose', async () => {
      this.#isClosing = true
      for (const stream of this.#open) stream.destroy()
    })
  }

  /** @param type the content type, in place of that of the file's extension */
  async send({ raw }: FastifyRequest, reply: FastifyReply, path: string, type?: string): Promise<FastifyReply> {
    const { statusCode, headers, stream } = await send(raw, `/${encodeURIComponent(basename(path))}`, {
      root: dirname(path),
      cacheControl: false,
    })
    this.#open.add(stream)
    stream.once('close', () => this.#open.delete(stream))
    // A response that waits behind another one of its connection is not told that the connection has closed; its request is.
    const release = (): void => {
      if (this.#isClosing || raw.socket.destroyed) stream.destroy()
    }
    raw.once('close', release)
    release()
    reply.headers({
      ...headers,
      ...(statusCode < 300 && type !== undefined && { 'content-type': type }),
      // Always asked for again, and rarely sent again: the file may be another one by now.
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    })
    return reply.code(statusCode).send(stream)
  }
}
