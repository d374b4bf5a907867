import type { FastifyBaseLogger } from 'fastify'

/** pino's symbol for the stream of a logger, of whichever copy of pino made it. */
const STREAM = 'pino.stream'

/**
 * Passes on each line that a pino logger and its children write. Other loggers have no lines to pass on.
 *
 * @returns stops that.
 */
export function tapLog(logger: FastifyBaseLogger, taken: (line: string) => void): () => void {
  const found = streamOf(logger)
  if (found === undefined) return () => {}
  const { owner, symbol, stream } = found
  const tapped = new Proxy(stream, {
    get(target, name) {
      if (name === 'write') {
        return (line: string) => {
          taken(line)
          return target.write(line)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  })
  owner[symbol] = tapped
  return () => {
    // Unless somebody else has replaced it meanwhile.
    if (owner[symbol] === tapped) owner[symbol] = stream
  }
}

interface Stream {
  write(line: string): unknown
}

interface Found {
  readonly owner: Record<symbol, unknown>
  readonly symbol: symbol
  readonly stream: Stream
}

/** Children inherit the stream from the logger that they were made of. */
function streamOf(logger: object): Found | undefined {
  for (let owner: object | null = logger; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const symbol = Object.getOwnPropertySymbols(owner).find(({ description }) => description === STREAM)
    if (symbol === undefined) continue
    const stream = (owner as Record<symbol, unknown>)[symbol]
    if (isStream(stream)) return { owner: owner as Record<symbol, unknown>, symbol, stream }
  }
  return undefined
}

function isStream(value: unknown): value is Stream {
  return typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function'
}
