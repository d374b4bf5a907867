import { checkOptions, option } from '../../validation/index.js'
import type { Connection } from './connection.js'

/**
 * Functions of the app for the events of an endpoint, in place of a subclass. Each may be asynchronous. One that throws or rejects is
 * logged, counted in `hookErrors`, and closes its connection with 1011. If the server is a subclass, its method runs first.
 */
export interface EndpointHooks<ConnectionData = unknown, Message = string | Uint8Array> {
  /** Called when a connection is open and messages can be sent. Messages do not wait for an asynchronous hook. */
  onConnect?(connection: Connection, data: ConnectionData): void | Promise<void>
  /** Called once for each connection passed to `onConnect`, when it has ended for any reason. */
  onDisconnect?(connection: Connection, data: ConnectionData): void | Promise<void>
  /** Called for each message. The next one does not wait for an asynchronous hook. */
  onMessage?(connection: Connection, message: Message, data: ConnectionData): void | Promise<void>
}

type AnyHooks = Readonly<Record<string, ((...args: never[]) => unknown) | undefined>>

/**
 * Checks the option `hooks` of a server.
 * @param names the hooks of this kind of server.
 * @throws InvalidOptionError, UnknownOptionError
 */
export function checkHooks(hooks: unknown, names: readonly string[]): void {
  if (hooks === undefined) return
  checkOptions<AnyHooks>(Object.fromEntries(names.map((name) => [name, option.func()])), hooks, { within: 'hooks' })
}

/**
 * Runs a hook after the method of a subclass for the same event.
 * @param own the return value of that method.
 * @returns a promise for both if one of them is asynchronous.
 */
export function withHook(own: unknown, hook: () => unknown): void | Promise<void> {
  let other: unknown
  try {
    other = hook()
  } catch (error) {
    // The error of the hook is reported. Another error of the method must not become an unhandled rejection.
    if (isThenable(own)) Promise.resolve(own).catch(() => {})
    throw error
  }
  if (isThenable(own) || isThenable(other)) return Promise.all([own, other]).then(() => {})
}

/** Whether a hook has returned a promise or another thenable. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}
