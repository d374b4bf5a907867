import { checkOptions, option } from '../../validation/index.js'
import type { Connection } from './connection.js'

/**
 * Functions of the app for the events of an endpoint, in place of a subclass. Each may be asynchronous. One that throws or rejects is
 * logged, counted in `hookErrors`, and closes its own connection with 1011. Where the server is a subclass too, its method runs first.
 */
export interface EndpointHooks<ConnectionData = unknown, Message = string | Uint8Array> {
  /** The connection is open, and a message can be sent. Messages do not wait for a hook that is asynchronous. */
  onConnect?(connection: Connection, data: ConnectionData): void | Promise<void>
  /** The connection is gone, for whatever reason. Runs once for each connection that `onConnect` was called with. */
  onDisconnect?(connection: Connection, data: ConnectionData): void | Promise<void>
  /** A message has arrived. The next one does not wait for a hook that is asynchronous. */
  onMessage?(connection: Connection, message: Message, data: ConnectionData): void | Promise<void>
}

type AnyHooks = Readonly<Record<string, ((...args: never[]) => unknown) | undefined>>

/**
 * Checks the option `hooks` of a server.
 * @param names the hooks that this kind of server has.
 * @throws InvalidOptionError, UnknownOptionError
 */
export function checkHooks(hooks: unknown, names: readonly string[]): void {
  if (hooks === undefined) return
  checkOptions<AnyHooks>(Object.fromEntries(names.map((name) => [name, option.func()])), hooks, { within: 'hooks' })
}

/**
 * Runs a hook after the method of a subclass for the same event.
 * @param own what that method has returned.
 * @returns what ends with both, if one of them is asynchronous.
 */
export function withHook(own: unknown, hook: () => unknown): void | Promise<void> {
  let other: unknown
  try {
    other = hook()
  } catch (error) {
    // The error of the hook is reported; another one of the method must not become an unhandled rejection.
    if (isThenable(own)) Promise.resolve(own).catch(() => {})
    throw error
  }
  if (isThenable(own) || isThenable(other)) return Promise.all([own, other]).then(() => {})
}

/** Whether a hook has returned a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}
