import type { FastifyInstance } from 'fastify'
import { fileOf, type MediaLibrary } from '../src/television/media/index.js'
import type { SentFiles } from './sent-files.js'

/** Adds the files of the programmes, with ranges. What is not a file of a programme does not exist, whatever its name. */
export function addMediaRoutes(scope: FastifyInstance, library: MediaLibrary, files: SentFiles): void {
  const types = new Map(
    library.programmes
      .flatMap(({ sources, alternatives }) => [...sources, ...alternatives.flatMap((each) => each.sources)])
      .map(({ url, type }) => [decodeURIComponent(url.replace(/^media\//, '')), type]),
  )
  // A wildcard, because Fastify limits the length of parameters to 100, by default.
  scope.get<{ Params: { '*': string } }>('/media/*', async (request, reply) => {
    const { '*': file } = request.params
    const path = await fileOf(library, file)
    if (path === undefined) return reply.callNotFound()
    return files.send(request, reply, path, types.get(file))
  })
}
