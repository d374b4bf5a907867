// @ts-check

/** Waiting connections: as many as the operating system lets a socket have. */
const BACKLOG = 16_384

/** @param {import('fastify').FastifyInstance} app @returns {Promise<number>} the port */
export async function listen(app) {
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }))
  return Number(port)
}
