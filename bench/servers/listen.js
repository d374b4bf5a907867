// @ts-check

/** Waiting connections: as many as the operating system lets a socket have. */
const BACKLOG = 16_384

/** @param {import('fastify').FastifyInstance} app @param {number} port 0 for a free one @returns {Promise<number>} the port */
export async function listen(app, port = 0) {
  const url = new URL(await app.listen({ host: '127.0.0.1', port, backlog: BACKLOG }))
  return Number(url.port)
}
