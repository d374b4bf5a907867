import type { Emitter } from '../events/index.js'
import type { CompanionEvents, CompanionSource } from './companion-events.js'
import type { ReconnectingClient, ReconnectingClientEvents } from './connections/index.js'
import type { WallClockClient } from './wall-clock/index.js'

/** Emits an event of the companion. */
export type CompanionEmit = <Name extends keyof CompanionEvents>(name: Name, event: CompanionEvents[Name]) => void

/** Seconds until the next attempt to connect. */
type RetrySeconds = number | undefined

/**
 * Forwards the events of a CII or CSS-TS client.
 * @param retryOf the actual wait after a failure, from the one of the client. Default: the same.
 */
export function forwardClient<Events extends ReconnectingClientEvents>(
  source: CompanionSource,
  client: ReconnectingClient<Events>,
  emit: CompanionEmit,
  retryOf: (message: string, clientRetry: RetrySeconds) => RetrySeconds = (_message, clientRetry) => clientRetry,
): void {
  const { url } = client
  const emitter = client as unknown as Emitter<ReconnectingClientEvents>
  emitter.on('connected', () => emit('connected', { source, url }))
  emitter.on('disconnected', ({ code, reason, retryInSeconds }) => {
    emit('disconnected', { source, url, reason: reason === '' ? `closed with ${code}` : reason, retryInSeconds })
  })
  emitter.on('connectFailed', ({ failure, retryInSeconds }) => {
    emit('connectFailed', { source, url, failure, retryInSeconds: retryOf(failure.message, retryInSeconds) })
  })
  emitter.on('protocolError', (error) => emit('protocolError', { source, ...error }))
}

/** Forwards the events of a wall clock client, except for its availability. @param url as CII states it. */
export function forwardWallClock(client: WallClockClient, url: string, emit: CompanionEmit): void {
  const source = 'wc'
  let isConnected = false
  client.on('connected', () => {
    isConnected = true
    emit('connected', { source, url })
  })
  client.on('disconnected', ({ reason }) => {
    const failure = { kind: 'unknown', message: reason } as const
    if (isConnected) emit('disconnected', { source, url, reason, retryInSeconds: undefined })
    else emit('connectFailed', { source, url, failure, retryInSeconds: undefined })
    isConnected = false
  })
  client.on('protocolError', (error) => emit('protocolError', { source, ...error }))
  client.on('adjusted', (event) => emit('adjusted', event))
}
